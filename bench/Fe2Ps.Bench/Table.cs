using System.Globalization;

namespace Fe2Ps.Bench;

/// <summary>The result: one row a measurement, with the peer beside it and the bar it is held to.</summary>
internal sealed class Table
{
    private readonly List<string[]> rows = [["what", "Fe2Ps", "against", "ratio", "bar", "met"]];

    public void Ratio(string what, double ours, double theirs, string unit, double bar) =>
        Add(what, $"{Number(ours)} {unit}", $"{Number(theirs)} {unit}", Number(ours / theirs), $"≤ {Number(bar)}", ours / theirs <= bar);

    public void Limit(string what, double ours, string unit, double bar) =>
        Add(what, $"{Number(ours)} {unit}", "-", "-", $"≤ {Number(bar)} {unit}", ours <= bar);

    /// <summary>A number without a bar.</summary>
    public void Value(string what, double ours, string unit) => rows.Add([what, $"{Number(ours)} {unit}", "-", "-", "-", "-"]);

    /// <summary>A share of a sample, 0 to 1; <paramref name="detail"/> says more about the sample.</summary>
    public void AtLeast(string what, double ours, double bar, string detail) =>
        Add(what, $"{Percent(ours)} ({detail})", "-", "-", $"≥ {Percent(bar)}", ours >= bar);

    public void Missing(string what, string why) => rows.Add([what, "not measured", why, "-", "-", "-"]);

    public void Print(TextWriter output)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            output.WriteLine("| " + string.Join(" | ", rows[i].Select((cell, column) => cell.PadRight(widths[column]))) + " |");
            if (i == 0) output.WriteLine("|" + string.Join("|", widths.Select(width => new string('-', width + 2))) + "|");
        }
    }

    private void Add(string what, string ours, string theirs, string ratio, string bar, bool met) =>
        rows.Add([what, ours, theirs, ratio, bar, met ? "yes" : "NO"]);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %");

    private static string Number(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00#", CultureInfo.InvariantCulture);
}
