using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Charts;

/// <summary>One chart: lines over one span of time, with one axis of prices.</summary>
/// <param name="Title">What it is about: a type.</param>
/// <param name="Note">What stands beside the title.</param>
/// <param name="Lines">The lines, in the order of the legend.</param>
/// <param name="From">The start of the time axis.</param>
/// <param name="To">Its end.</param>
public sealed record ChartPanel(string Title, string Note, IReadOnlyList<SpotPriceSummary> Lines, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Spot prices as charts: one for each type, in the order in which the types come; in it a line for each zone.</summary>
    public static IReadOnlyList<ChartPanel> Of(IReadOnlyList<SpotPriceSummary> prices) =>
    [
        .. prices.GroupBy(p => (p.InstanceType, p.OperatingSystem)).Select(type =>
        {
            SpotPriceSummary[] lines = [.. type];
            return new ChartPanel(
                type.Key.OperatingSystem == "Linux" ? type.Key.InstanceType : $"{type.Key.InstanceType}, {type.Key.OperatingSystem}",
                NoteOf(lines), lines, lines.Min(l => l.Series().From), lines.Max(l => l.Series().To));
        }),
    ];

    private static string NoteOf(SpotPriceSummary[] lines)
    {
        if (lines[0].OnDemand is not { } onDemand)
            return "";
        decimal[] savings = [.. lines.Select(l => l.Saving ?? 0)];
        string saving = Math.Round(savings.Min()) == Math.Round(savings.Max()) ? $"{savings.Min():0}" : $"{savings.Min():0} to {savings.Max():0}";
        return FormattableString.Invariant($"on demand {Money.Text(onDemand, 4)} an hour, spot saves {saving} %");
    }
}
