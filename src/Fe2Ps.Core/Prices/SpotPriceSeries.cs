namespace Fe2Ps.Core.Prices;

/// <summary>A spot price that holds from a time on, until the next change.</summary>
/// <param name="Time">When it began to hold.</param>
/// <param name="Usd">USD an hour.</param>
public readonly record struct SpotPriceChange(DateTimeOffset Time, decimal Usd);

/// <summary>What one hour cost in a span of time.</summary>
/// <param name="From">Since when the price is known; never before the span.</param>
/// <param name="To">The end of the span, which is no part of it.</param>
/// <param name="Mean">The mean by time in USD an hour: what a machine that ran all the time paid for an hour.</param>
/// <param name="Lowest">The lowest price that held for some time.</param>
/// <param name="Highest">The highest price that held for some time.</param>
/// <param name="Last">The price at the end of the span.</param>
/// <param name="Volatility">The standard deviation by time as a share of the mean: 0 for a price that stood still.</param>
/// <param name="Changes">How often the price changed within the span.</param>
public sealed record SpotPriceStatistics(
    DateTimeOffset From, DateTimeOffset To, decimal Mean, decimal Lowest, decimal Highest, decimal Last, double Volatility, int Changes);

/// <summary>
/// The spot price of one type in one zone over a span of time, as the steps that it really is: a change holds until the next one,
/// and the last change before the span holds at its start. All arithmetic is on instants, so no clock's daylight saving can touch it.
/// </summary>
public sealed class SpotPriceSeries
{
    private readonly SpotPriceChange[] changes;

    /// <param name="instanceType">The type.</param>
    /// <param name="zone">The availability zone.</param>
    /// <param name="operatingSystem">Whose price it is: <c>Linux</c>, <c>RHEL</c>, <c>SUSE</c> or <c>Windows</c>.</param>
    /// <param name="from">The start of the span.</param>
    /// <param name="to">Its end, after the start.</param>
    /// <param name="changes">Changes in any order; those after the end do not count, the last one at or before the start holds at the start.
    /// One that is there twice counts once; of two prices at one instant the higher one counts, so that nothing is promised too cheaply.</param>
    public SpotPriceSeries(
        string instanceType, string zone, string operatingSystem, DateTimeOffset from, DateTimeOffset to, IEnumerable<SpotPriceChange> changes)
    {
        if (to <= from)
            throw new ArgumentOutOfRangeException(nameof(to), to, "A span ends after it starts.");
        (InstanceType, Zone, OperatingSystem, From, To) = (instanceType, zone, operatingSystem, from, to);
        this.changes = Order(changes);
    }

    /// <summary>The type.</summary>
    public string InstanceType { get; }

    /// <summary>The availability zone.</summary>
    public string Zone { get; }

    /// <summary>Whose price it is.</summary>
    public string OperatingSystem { get; }

    /// <summary>The start of the span.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The end of the span.</summary>
    public DateTimeOffset To { get; }

    /// <summary>The changes, oldest first; the first one may be from before the span. The price really differs from each to the next.</summary>
    public IReadOnlyList<SpotPriceChange> Changes => changes;

    /// <summary>The price at an instant, or null before the first change that is known.</summary>
    public decimal? At(DateTimeOffset time) => Before(time) is >= 0 and var index ? changes[index].Usd : null;

    /// <summary>The whole span; null where no price is known in it.</summary>
    public SpotPriceStatistics? Whole() => Between(From, To);

    /// <summary>A part of the span; null where no price is known in it.</summary>
    /// <param name="from">The first instant.</param>
    /// <param name="to">The end, which is no part of it.</param>
    public SpotPriceStatistics? Between(DateTimeOffset from, DateTimeOffset to)
    {
        (from, to) = (from < From ? From : from, to > To ? To : to);
        if (to <= from)
            return null;
        int index = Math.Max(Before(from), 0);
        DateTimeOffset known = default;
        decimal weighted = 0, lowest = decimal.MaxValue, highest = decimal.MinValue;
        double squares = 0;
        long ticks = 0;
        int count = 0;
        for (; index < changes.Length && changes[index].Time < to; index++)
        {
            (DateTimeOffset start, decimal usd) = changes[index];
            // Within the span means after its first instant: what holds at the start did not change in it.
            count += start > from ? 1 : 0;
            start = start < from ? from : start;
            DateTimeOffset end = index + 1 < changes.Length && changes[index + 1].Time < to ? changes[index + 1].Time : to;
            long length = (end - start).Ticks;
            if (ticks == 0)
            {
                known = start;
                // The price that a series begins with changed from nothing that is known.
                count = 0;
            }

            ticks += length;
            weighted += usd * length;
            squares += (double)usd * (double)usd * length;
            lowest = Math.Min(lowest, usd);
            highest = Math.Max(highest, usd);
        }

        if (ticks == 0)
            return null;
        decimal mean = weighted / ticks;
        double variance = lowest == highest ? 0 : Math.Max(0, (squares / ticks) - ((double)mean * (double)mean));
        return new SpotPriceStatistics(
            known, to, mean, lowest, highest, changes[index - 1].Usd, mean > 0 ? Math.Sqrt(variance) / (double)mean : 0, count);
    }

    /// <summary>The days in UTC that the span touches, each with the part of it that lies in the span; days without a known price are left out.</summary>
    public IEnumerable<(DateTime Day, SpotPriceStatistics Price)> Days()
    {
        for (var day = new DateTimeOffset(From.UtcDateTime.Date, TimeSpan.Zero); day < To; day = day.AddTicks(TimeSpan.TicksPerDay))
        {
            if (Between(day, day.AddTicks(TimeSpan.TicksPerDay)) is { } price)
                yield return (day.UtcDateTime, price);
        }
    }

    /// <summary>The last change at or before an instant, or -1.</summary>
    private int Before(DateTimeOffset time)
    {
        (int low, int high) = (0, changes.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = changes[middle].Time <= time ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    private SpotPriceChange[] Order(IEnumerable<SpotPriceChange> all)
    {
        SpotPriceChange[] sorted = [.. all.Where(c => c.Time <= To)];
        Array.Sort(sorted, static (a, b) => a.Time.UtcTicks != b.Time.UtcTicks ? a.Time.UtcTicks.CompareTo(b.Time.UtcTicks) : a.Usd.CompareTo(b.Usd));
        var kept = new List<SpotPriceChange>(sorted.Length);
        for (int i = 0; i < sorted.Length; i++)
        {
            bool overruled = i + 1 < sorted.Length && (sorted[i + 1].Time == sorted[i].Time || sorted[i + 1].Time <= From);
            if (!overruled && (kept.Count == 0 || kept[^1].Usd != sorted[i].Usd))
                kept.Add(sorted[i]);
        }

        return [.. kept];
    }
}
