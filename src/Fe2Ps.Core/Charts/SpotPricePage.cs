using System.Globalization;
using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Charts;

/// <summary>
/// Spot prices as one page that needs nothing else: styles, script, data and the chart library are in it, and its own policy forbids
/// the browser every request and every script but the two whose hashes it names.
/// </summary>
public static class SpotPricePage
{
    /// <summary>Where the parts of the page are among this assembly's resources.</summary>
    private const string Parts = "Fe2Ps.Core.Charts.Page.";

    /// <summary>The page's text.</summary>
    /// <param name="prices">The prices, in the order of the charts; at least one.</param>
    /// <param name="made">When they were read.</param>
    public static string Write(IReadOnlyList<SpotPriceSummary> prices, DateTimeOffset made)
    {
        IReadOnlyList<ChartPanel> panels = ChartPanel.Of(prices);
        string library = Part("uPlot.iife.min.js");
        string script = Part("page.js");
        string title = $"Spot prices in {string.Join(", ", prices.Select(p => p.Region).Distinct(StringComparer.Ordinal))}";
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {Hash(library)} {Hash(script)}; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>{Text(title)}</title>
            <link rel="icon" href="data:,">
            <!--
            The charts are drawn by uPlot, https://github.com/leeoniya/uPlot, under this licence:

            {Part("LICENSE").Trim()}
            -->
            <style>{Part("uPlot.min.css")}</style>
            <style>{Part("page.css")}</style>
            </head>
            <body>
            <header>
            <h1>{Text(title)}</h1>
            <p class="quiet">{Moment(panels.Min(p => p.From))} to {Moment(panels.Max(p => p.To))}, USD an hour. Point at a chart for the prices at that time, drag to see a span larger, double-click to see all again, click on a zone to hide it.</p>
            </header>
            <main>

            """);
        for (int i = 0; i < panels.Count; i++)
            Card(page, panels[i], i);
        page.Append(CultureInfo.InvariantCulture, $"""
            </main>
            <footer>The mean is weighted by time: what a machine that ran all the time paid for an hour. Read from EC2 at {Moment(made)} by Fe2Ps; days and hours are UTC. Charts by uPlot (MIT licence, in this page's source).</footer>
            <script type="application/json" id="data">{Data(panels).ToJsonString()}</script>
            <script>{library}</script>
            <script>{script}</script>
            </body>
            </html>

            """);
        return page.ToString();
    }

    private static void Card(StringBuilder page, ChartPanel panel, int index)
    {
        string onDemand = panel.Lines[0].OnDemand is null ? "" : """<label><input type="checkbox"> compare with on demand</label>""";
        page.Append(CultureInfo.InvariantCulture, $"""
            <section class="card" data-panel="{index}">
            <div class="head"><h2>{Text(panel.Title)}</h2><span class="quiet">{Text(panel.Note)}</span>{onDemand}</div>
            <div class="plot"></div>
            <div class="scroll"><table>
            <thead><tr><th>zone</th><th>now</th><th>mean</th><th>lowest</th><th>highest</th><th>saving</th></tr></thead>
            <tbody>

            """);
        for (int i = 0; i < panel.Lines.Count; i++)
        {
            SpotPriceSummary line = panel.Lines[i];
            string saving = line.Saving is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent:0} %") : "";
            page.Append(CultureInfo.InvariantCulture, $"""
                <tr><th><button type="button" aria-pressed="true"><span class="swatch c{i % 6}"></span>{Text(line.Zone)}</button></th><td>{Usd(line.Now)}</td><td>{Usd(line.Mean)}</td><td>{Usd(line.Lowest)}</td><td>{Usd(line.Highest)}</td><td>{saving}</td></tr>

                """);
        }

        page.Append("</tbody></table></div>\n</section>\n");
    }

    /// <summary>The charts' data: the times of all changes, and for each zone the price that holds from each of them on.</summary>
    private static JsonArray Data(IReadOnlyList<ChartPanel> panels)
    {
        var all = new JsonArray();
        foreach (ChartPanel panel in panels)
        {
            long[] times =
            [
                .. panel.Lines.SelectMany(l => l.Series().Changes).Select(c => c.Time.ToUnixTimeSeconds())
                    .Append(panel.From.ToUnixTimeSeconds()).Append(panel.To.ToUnixTimeSeconds())
                    .Where(t => t >= panel.From.ToUnixTimeSeconds() && t <= panel.To.ToUnixTimeSeconds()).Distinct().Order(),
            ];
            all.Add(new JsonObject
            {
                ["zones"] = new JsonArray([.. panel.Lines.Select(l => JsonValue.Create(l.Zone))]),
                ["onDemand"] = panel.Lines[0].OnDemand,
                ["times"] = new JsonArray([.. times.Select(t => JsonValue.Create(t))]),
                ["prices"] = new JsonArray([.. panel.Lines.Select(l => new JsonArray(
                    // A change within a second counts for that second.
                    [.. times.Select(t => l.Series().At(DateTimeOffset.FromUnixTimeSeconds(t + 1).AddTicks(-1)) is { } usd ? JsonValue.Create(usd) : null)]))]),
            });
        }

        return all;
    }

    private static string Part(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Parts + name)
            ?? throw new InvalidOperationException($"The assembly was built without its part {name}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        // A page knows one kind of line end, and the hashes are of what the browser reads.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Hash(string script) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Usd(decimal price) => Money.Text(price, Money.DecimalsOf(price));

    private static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";
}
