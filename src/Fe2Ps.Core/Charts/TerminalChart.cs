using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Charts;

/// <summary>Draws prices as lines of characters. What comes out is never wider than the style says.</summary>
public static class TerminalChart
{
    /// <summary>From this width on, the legend stands beside the chart.</summary>
    private const int LegendBeside = 96;

    /// <summary>The lines of a chart, from the top.</summary>
    public static IReadOnlyList<string> Draw(ChartPanel panel, TerminalStyle style)
    {
        int width = Math.Max(style.Width, TerminalStyle.LeastWidth);
        int height = Math.Max(style.PlotHeight, TerminalStyle.LeastHeight);
        (decimal low, decimal high) = Range(panel);
        (IReadOnlyList<decimal> prices, int decimals) = Money.Ticks(low, high, Math.Max(2, (height + 1) / 2));
        int label = prices.Append(high).Max(p => Money.Text(p, decimals).Length);
        List<(string Text, int Width)> legend = Legend(panel, style, width);
        bool beside = width >= LegendBeside && legend.Count <= height;
        int columns = width - label - 2 - (beside ? legend.Max(l => l.Width) + 3 : 0);

        var canvas = new LineCanvas(columns, height, style);
        // The first line of the legend is drawn last, on top of the others.
        for (int line = panel.Lines.Count - 1; line >= 0; line--)
            Plot(canvas, panel, panel.Lines[line].Series(), line, low, high);

        var lines = new List<string> { Title(panel, style, width) };
        Dictionary<int, string> labels = prices.ToDictionary(p => RowOf(p, low, high, height), p => Money.Text(p, decimals));
        for (int row = 0; row < height; row++)
        {
            string drawn = canvas.Row(row, out int drawnWidth);
            string tick = labels.TryGetValue(row, out string? text)
                ? text.PadLeft(label) + (style.IsUnicode ? " ┤" : " +")
                : new string(' ', label) + (style.IsUnicode ? " │" : " |");
            string side = beside && row < legend.Count ? new string(' ', columns - drawnWidth + 3) + legend[row].Text : "";
            lines.Add(style.Dim(tick) + drawn + side);
        }

        lines.AddRange(Axis(panel, style, label, columns));
        if (!beside)
            lines.AddRange(legend.Select(l => new string(' ', Math.Max(0, Math.Min(label + 2, width - l.Width))) + l.Text));
        return lines;
    }

    private static string Title(ChartPanel panel, TerminalStyle style, int width) =>
        panel.Title.Length + 3 + panel.Note.Length <= width && panel.Note.Length > 0
            ? $"{style.Bold(panel.Title)}   {style.Dim(panel.Note)}"
            : style.Bold(panel.Title.Length <= width ? panel.Title : panel.Title[..width]);

    /// <summary>The prices that the axis spans: a little more than those that there are.</summary>
    private static (decimal Low, decimal High) Range(ChartPanel panel)
    {
        decimal low = panel.Lines.Min(l => l.Lowest);
        decimal high = panel.Lines.Max(l => l.Highest);
        decimal room = high > low ? (high - low) * 0.04m : Math.Max(high * 0.1m, 0.0001m);
        return (Math.Max(0, low - room), high + room);
    }

    private static int RowOf(decimal usd, decimal low, decimal high, int height) =>
        height - 1 - Math.Clamp((int)((usd - low) / (high - low) * height), 0, height - 1);

    /// <summary>
    /// Draws the steps. Each column of dots covers a span of time and reaches from the lowest to the highest price in it, so that a
    /// peak that is shorter than a column is seen.
    /// </summary>
    private static void Plot(LineCanvas canvas, ChartPanel panel, SpotPriceSeries series, int line, decimal low, decimal high)
    {
        long span = (panel.To - panel.From).Ticks;
        int before = -1;
        int place = 0;
        for (int x = 0; x < canvas.Width; x++)
        {
            SpotPriceStatistics? price = series.Between(panel.From.AddTicks(span / canvas.Width * x), x == canvas.Width - 1 ? panel.To : panel.From.AddTicks(span / canvas.Width * (x + 1)));
            if (price is null)
                continue;
            int last = Dot(price.Last);
            int bottom = Math.Min(Dot(price.Lowest), before < 0 ? int.MaxValue : before);
            int top = Math.Max(Dot(price.Highest), before);
            bool rises = top > bottom;
            for (int y = bottom; y <= top; y++)
            {
                // Along a level stretch the line goes on; a rise is drawn whole, or a dashed line would lose its steps.
                if (rises || canvas.IsDrawn(place, line))
                    canvas.Set(x, y, line);
            }

            place = rises ? 0 : place + 1;
            before = last;
        }

        int Dot(decimal usd) => Math.Clamp((int)((usd - low) / (high - low) * canvas.Height), 0, canvas.Height - 1);
    }

    /// <summary>The time axis and its labels; a label that would touch the one before it is left out.</summary>
    private static IEnumerable<string> Axis(ChartPanel panel, TerminalStyle style, int label, int columns)
    {
        char[] line = [.. Enumerable.Repeat(style.IsUnicode ? '─' : '-', columns)];
        char[] words = [.. Enumerable.Repeat(' ', label + 2 + columns)];
        int free = 0;
        string end = "UTC";
        foreach ((DateTimeOffset time, string text) in TimeTicks.Of(panel.From, panel.To, Math.Max(2, columns / 10)))
        {
            int column = Math.Min((int)((time - panel.From) / (panel.To - panel.From) * columns), columns - 1);
            int start = label + 2 + column - (text.Length / 2);
            if (start < free || start + text.Length > words.Length - end.Length - 1)
                continue;
            line[column] = style.IsUnicode ? '┬' : '+';
            text.CopyTo(0, words, start, text.Length);
            free = start + text.Length + 2;
        }

        end.CopyTo(0, words, words.Length - end.Length, end.Length);
        yield return style.Dim(new string(' ', label) + (style.IsUnicode ? " └" : " +") + new string(line));
        yield return style.Dim(new string(words).TrimEnd());
    }

    /// <summary>Each line's sample, zone and prices, as wide as there is room for.</summary>
    private static List<(string Text, int Width)> Legend(ChartPanel panel, TerminalStyle style, int width)
    {
        int zone = panel.Lines.Max(l => l.Zone.Length);
        int decimals = panel.Lines.Max(l => Money.DecimalsOf(l.Highest));
        int number = panel.Lines.Max(l => Money.Text(Math.Max(l.Now, l.Mean), decimals).Length);
        bool isWide = 4 + 1 + zone + 2 + number + 4 + 7 + number <= width - 4;
        return
        [
            .. panel.Lines.Select((price, i) =>
            {
                string words = $" {price.Zone.PadRight(zone)}  {Money.Text(price.Now, decimals).PadLeft(number)} now"
                    + (isWide ? $"  {Money.Text(price.Mean, decimals).PadLeft(number)} mean" : "");
                return (LineCanvas.Sample(i, style) + words, 4 + words.Length);
            }),
        ];
    }
}
