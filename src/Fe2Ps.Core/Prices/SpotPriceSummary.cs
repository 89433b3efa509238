namespace Fe2Ps.Core.Prices;

/// <summary>What spot machines of one type cost in one zone, over a span of time and now.</summary>
public sealed class SpotPriceSummary
{
    private readonly SpotPriceSeries series;

    /// <param name="series">The changes of the price.</param>
    /// <param name="region">The region's code.</param>
    /// <param name="whole">The series' own <see cref="SpotPriceSeries.Whole"/>.</param>
    /// <param name="onDemand">What the type costs on demand, USD an hour, or null where that is not known.</param>
    public SpotPriceSummary(SpotPriceSeries series, string region, SpotPriceStatistics whole, decimal? onDemand)
    {
        this.series = series;
        Region = region;
        From = whole.From;
        (Mean, Lowest, Highest) = (Round(whole.Mean), Round(whole.Lowest), Round(whole.Highest));
        Now = Round(series.At(series.To) ?? whole.Last);
        Volatility = Math.Round(whole.Volatility, 4);
        Changes = whole.Changes;
        OnDemand = onDemand is { } usd ? Round(usd) : null;
        Saving = SavingOf(whole.Mean, onDemand);
    }

    /// <summary>The type.</summary>
    public string InstanceType => series.InstanceType;

    /// <summary>The availability zone.</summary>
    public string Zone => series.Zone;

    /// <summary>The region's code.</summary>
    public string Region { get; }

    /// <summary><c>Linux</c>, <c>RHEL</c>, <c>SUSE</c> or <c>Windows</c>.</summary>
    public string OperatingSystem => series.OperatingSystem;

    /// <summary>The price at the end of the span, USD an hour.</summary>
    public decimal Now { get; }

    /// <summary>The mean by time, USD an hour: what a machine that ran all the time paid.</summary>
    public decimal Mean { get; }

    /// <summary>The lowest price, USD an hour.</summary>
    public decimal Lowest { get; }

    /// <summary>The highest price, USD an hour.</summary>
    public decimal Highest { get; }

    /// <summary>The on-demand price, USD an hour; null where it is not known.</summary>
    public decimal? OnDemand { get; }

    /// <summary>How much less the mean is than on demand, in percent; null where the on-demand price is not known.</summary>
    public decimal? Saving { get; }

    /// <summary>The standard deviation by time as a share of the mean.</summary>
    public double Volatility { get; }

    /// <summary>How often the price changed.</summary>
    public int Changes { get; }

    /// <summary>Since when the price is known, at the earliest the start of the span.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The end of the span.</summary>
    public DateTimeOffset To => series.To;

    /// <summary>The same for each day in UTC.</summary>
    public IReadOnlyList<SpotPriceDay> Days() =>
        [.. series.Days().Select(d => new SpotPriceDay
        {
            Day = d.Day,
            InstanceType = InstanceType,
            Zone = Zone,
            Region = Region,
            OperatingSystem = OperatingSystem,
            Mean = Round(d.Price.Mean),
            Lowest = Round(d.Price.Lowest),
            Highest = Round(d.Price.Highest),
            Last = Round(d.Price.Last),
            OnDemand = OnDemand,
            Saving = SavingOf(d.Price.Mean, OnDemand),
            Hours = Math.Round((d.Price.To - d.Price.From).TotalHours, 2),
        })];

    /// <summary>Every change of the price, oldest first; the first one may be from before the span.</summary>
    public IReadOnlyList<SpotPriceChange> History() => series.Changes;

    /// <summary>The price as steps. (A method, as the two above: lists of thousands are no part of a printed object.)</summary>
    public SpotPriceSeries Series() => series;

    /// <summary>To the millionth of a dollar, which is how EC2 states spot prices, and without the zeros that a decimal drags along.</summary>
    private static decimal Round(decimal usd) => Math.Round(usd, 6) / 1.0000000000000000000000000000m;

    private static decimal? SavingOf(decimal usd, decimal? onDemand) => onDemand is > 0 ? Math.Round(100 * (1 - (usd / onDemand.Value)), 1) : null;
}

/// <summary>What spot machines of one type cost in one zone on one day.</summary>
public sealed record SpotPriceDay
{
    /// <summary>The day in UTC.</summary>
    public required DateTime Day { get; init; }

    /// <summary>The type.</summary>
    public required string InstanceType { get; init; }

    /// <summary>The availability zone.</summary>
    public required string Zone { get; init; }

    /// <summary>The region's code.</summary>
    public required string Region { get; init; }

    /// <summary><c>Linux</c>, <c>RHEL</c>, <c>SUSE</c> or <c>Windows</c>.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The mean by time, USD an hour.</summary>
    public required decimal Mean { get; init; }

    /// <summary>The lowest price, USD an hour.</summary>
    public required decimal Lowest { get; init; }

    /// <summary>The highest price, USD an hour.</summary>
    public required decimal Highest { get; init; }

    /// <summary>The price at the end of the day, or of the span where that comes first.</summary>
    public required decimal Last { get; init; }

    /// <summary>The on-demand price, USD an hour; null where it is not known.</summary>
    public decimal? OnDemand { get; init; }

    /// <summary>How much less the mean is than on demand, in percent; null where that is not known.</summary>
    public decimal? Saving { get; init; }

    /// <summary>How many hours of the day it is about: the first and the last day of a span are parts of days.</summary>
    public required double Hours { get; init; }
}
