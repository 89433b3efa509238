"use strict";
(() => {
  const panels = JSON.parse(document.getElementById("data").textContent);
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const usd = (value, digits = 4) => value == null ? "" : "$" + value.toFixed(digits);
  const time = seconds => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";
  const lineName = index => index < 0 ? "--mark" : "--line-" + (index % 6);
  const sync = uPlot.sync("time");
  const charts = [];

  // The price that holds at a time is that of the last change before it, wherever between two changes the pointer stands.
  const indexAt = (times, seconds) => {
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= seconds) low = middle + 1; else high = middle;
    }
    return low - 1;
  };

  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text;
    return made;
  };

  const tooltip = (panel, place) => {
    const tip = element("div", "tip");
    tip.hidden = true;
    place.append(tip);
    return chart => {
      const { left, top } = chart.cursor;
      // Only the chart under the pointer shows values; the others show the line of the same time.
      if (left == null || left < 0 || !place.matches(":hover")) { tip.hidden = true; return; }
      const seconds = chart.posToVal(left, "x");
      const at = indexAt(panel.times, seconds);
      const rows = panel.zones
        .map((zone, i) => ({ name: zone, index: i, value: at < 0 ? null : panel.prices[i][at] }))
        .filter(row => row.value != null && chart.series[row.index + 1].show)
        .sort((a, b) => b.value - a.value)
        .map(row => {
          const line = element("div");
          line.append(element("span", "swatch c" + (row.index % 6)), element("span", "", row.name), element("span", "", usd(row.value)));
          return line;
        });
      tip.replaceChildren(element("b", "", time(seconds)), ...rows);
      tip.hidden = rows.length === 0;
      const box = chart.over, x = box.offsetLeft + left;
      const fits = x + 16 + tip.offsetWidth <= place.clientWidth;
      tip.style.left = Math.max(0, Math.min(fits ? x + 16 : x - 16 - tip.offsetWidth, place.clientWidth - tip.offsetWidth)) + "px";
      tip.style.top = Math.max(0, Math.min(top, box.clientHeight - tip.offsetHeight)) + "px";
    };
  };

  const draw = (panel, place) => {
    const height = () => Math.max(240, Math.min(340, Math.round(place.clientWidth * 0.36)));
    const digits = span => span < 0.002 ? 5 : span < 0.2 ? 4 : span < 2 ? 3 : 2;
    const axis = {
      stroke: () => colour("--quiet"), grid: { stroke: () => colour("--grid"), width: 1 }, ticks: { stroke: () => colour("--grid"), width: 1 },
      // uPlot reads the height of a line from here, in whole pixels.
      font: '13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
    };
    const steps = uPlot.paths.stepped({ align: 1 });
    const line = (label, index, more) => ({
      label, stroke: () => colour(lineName(index)), width: 2, paths: steps, points: { show: false }, spanGaps: false, ...more,
    });
    const data = [panel.times, ...panel.prices];
    const series = [{}, ...panel.zones.map((zone, i) => line(zone, i))];
    if (panel.onDemand != null) {
      data.push(panel.times.map(() => panel.onDemand));
      series.push(line("on demand", -1, { show: false, width: 1.5, dash: [6, 5] }));
    }

    const show = tooltip(panel, place);
    const chart = new uPlot({
      width: place.clientWidth, height: height(), series, legend: { show: false },
      tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { y: false, sync: { key: sync.key }, points: { show: false }, drag: { x: true, y: false } },
      scales: { y: { range: (_, low, high) => high > low ? [Math.max(0, low - (high - low) * 0.06), high + (high - low) * 0.06] : [low * 0.9, high * 1.1] } },
      axes: [
        { ...axis, space: 76, values: [
          [86400, "{MMM} {D}", null, null, null, null, null, null, 1],
          [3600, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
          [60, "{HH}:{mm}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
          [1, "{HH}:{mm}:{ss}", "\n{MMM} {D}", null, "\n{MMM} {D}", null, null, null, 1],
        ] },
        { ...axis, size: 74, values: (_, ticks) => ticks.map(t => usd(t, digits(ticks.at(-1) - ticks[0]))) },
      ],
      hooks: { setCursor: [show] },
    }, data, place);
    place.addEventListener("mouseleave", () => { place.querySelector(".tip").hidden = true; });
    new ResizeObserver(() => {
      if (place.clientWidth > 0 && place.clientWidth !== chart.width) chart.setSize({ width: place.clientWidth, height: height() });
    }).observe(place);
    return chart;
  };

  for (const card of document.querySelectorAll(".card")) {
    const panel = panels[Number(card.dataset.panel)];
    const chart = draw(panel, card.querySelector(".plot"));
    charts.push(chart);
    card.querySelectorAll("tbody tr").forEach((row, i) => row.querySelector("button").addEventListener("click", event => {
      const shown = !chart.series[i + 1].show;
      chart.setSeries(i + 1, { show: shown });
      row.classList.toggle("off", !shown);
      event.currentTarget.setAttribute("aria-pressed", String(shown));
    }));
    card.querySelector("input")?.addEventListener("change", event => chart.setSeries(panel.zones.length + 1, { show: event.target.checked }));
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(chart => chart.redraw(false, true)));
})();
