using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Tests.Charts;

/// <summary>Made-up prices, the same every time.</summary>
internal static class MadePrices
{
    public static readonly DateTimeOffset Start = new(2026, 3, 27, 15, 30, 0, TimeSpan.Zero);

    /// <summary>One type in some zones: a slow wave with a step every three hours, each zone on its own level.</summary>
    public static IReadOnlyList<SpotPriceSummary> Of(string type, decimal onDemand, int days = 3, params string[] zones) =>
    [
        .. (zones.Length > 0 ? zones : ["us-east-2a", "us-east-2b", "us-east-2c"]).Select((zone, index) =>
        {
            IEnumerable<SpotPriceChange> changes = Enumerable.Range(-1, (days * 8) + 1).Select(i => new SpotPriceChange(
                Start.AddHours((i * 3) + index), Math.Round(onDemand * (0.3m + (0.08m * index) + (decimal)(0.03 * Math.Sin((i + (4 * index)) / 3.0))), 4)));
            return One(type, zone, onDemand, days, changes);
        }),
    ];

    public static SpotPriceSummary One(string type, string zone, decimal? onDemand, double days, IEnumerable<SpotPriceChange> changes)
    {
        var series = new SpotPriceSeries(type, zone, "Linux", Start, Start.AddDays(days), changes);
        return new SpotPriceSummary(series, "us-east-2", series.Whole()!, onDemand);
    }
}
