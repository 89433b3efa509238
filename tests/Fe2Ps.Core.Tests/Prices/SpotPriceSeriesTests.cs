using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Tests.Prices;

public sealed class SpotPriceSeriesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void TheMeanIsByTimeNotByChange()
    {
        SpotPriceStatistics whole = Series(4, (-5, 1m), (1, 2m), (3, 6m)).Whole()!;

        Assert.Equal((1m + 2m + 2m + 6m) / 4, whole.Mean);
        Assert.Equal((1m, 6m, 6m, 2), (whole.Lowest, whole.Highest, whole.Last, whole.Changes));
        Assert.Equal(Noon, whole.From);
    }

    [Fact]
    public void OnlyTheLastChangeBeforeTheSpanHoldsAtItsStart()
    {
        SpotPriceSeries series = Series(2, (-30, 9m), (-1, 3m), (-8, 7m), (1, 5m));

        Assert.Equal(4m, series.Whole()!.Mean);
        Assert.Equal(3m, series.At(Noon));
        Assert.Equal(2, series.Changes.Count);
    }

    [Fact]
    public void AChangeAtAnEdgeBelongsToWhatComesAfterIt()
    {
        SpotPriceSeries series = Series(4, (0, 2m), (2, 4m), (4, 100m));

        Assert.Equal((3m, 2m, 4m, 1), Facts(series.Whole()!));
        Assert.Equal((2m, 2m, 2m, 0), Facts(series.Between(Noon, Noon.AddHours(2))!));
        Assert.Equal((4m, 4m, 4m, 0), Facts(series.Between(Noon.AddHours(2), Noon.AddHours(4))!));
        Assert.Equal(100m, series.At(series.To));
    }

    [Fact]
    public void TimeBeforeTheFirstKnownPriceIsNoTimeAtPriceZero()
    {
        SpotPriceSeries series = Series(4, (3, 8m));

        Assert.Equal((8m, 8m, 8m, 0), Facts(series.Whole()!));
        Assert.Equal(Noon.AddHours(3), series.Whole()!.From);
        Assert.Null(series.At(Noon));
        Assert.Null(series.Between(Noon, Noon.AddHours(3)));
        Assert.Null(Series(4).Whole());
        Assert.Null(Series(4, (5, 1m)).Whole());
    }

    [Fact]
    public void DaysAreDaysInUtcAlsoOnTheNightWhenClocksGoForward()
    {
        // Clocks in Berlin and in New York skip an hour in this span; a day in UTC has 24.
        var series = new SpotPriceSeries("m5.large", "a", "Linux", Noon, Noon.AddDays(2), [new(Noon.AddDays(-1), 1m), new(Noon.AddHours(24), 2m)]);

        var days = series.Days().ToList();

        Assert.Equal([28, 29, 30], days.Select(d => d.Day.Day));
        Assert.Equal([12, 24, 12], days.Select(d => (d.Price.To - d.Price.From).TotalHours));
        Assert.Equal([1m, 1.5m, 2m], days.Select(d => d.Price.Mean));
        Assert.All(days, d => Assert.Equal((DateTimeKind.Utc, TimeSpan.Zero), (d.Day.Kind, d.Day.TimeOfDay)));
    }

    [Fact]
    public void ASpanAcrossThreeDaysHasEachDayWithItsOwnHours()
    {
        var series = new SpotPriceSeries(
            "m5.large", "a", "Linux", Noon, Noon.AddHours(36), [new(Noon, 1m), new(new DateTimeOffset(2026, 3, 29, 9, 0, 0, TimeSpan.FromHours(9)), 3m)]);

        Assert.Equal([(12.0, 1m), (24.0, 3m)], series.Days().Select(d => ((d.Price.To - d.Price.From).TotalHours, d.Price.Mean)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void EqualsAReferenceThatAsksForEverySecond(int seed)
    {
        var random = new Random(seed);
        DateTimeOffset from = Noon.AddSeconds(random.Next(-40_000, 40_000));
        DateTimeOffset to = from.AddSeconds(random.Next(60, 150_000));
        var points = new List<SpotPriceChange>();
        for (int i = random.Next(0, 40); i >= 0; i--)
        {
            // Many on the edges of the span and of days, some twice, some at one instant with two prices, in any zone of time.
            DateTimeOffset time = random.Next(6) switch
            {
                0 => from,
                1 => to,
                2 => new DateTimeOffset(from.UtcDateTime.Date.AddDays(random.Next(3)), TimeSpan.Zero),
                3 when points.Count > 0 => points[random.Next(points.Count)].Time,
                _ => from.AddSeconds(random.Next(-100_000, 180_000)),
            };
            points.Add(new SpotPriceChange(time.ToOffset(TimeSpan.FromHours(random.Next(-11, 14))), random.Next(1, 9) / 100m));
            if (random.Next(4) == 0)
                points.Add(points[random.Next(points.Count)]);
        }

        var series = new SpotPriceSeries("m5.large", "a", "Linux", from, to, points);
        SpotPriceChange[] shuffled = [.. points];
        random.Shuffle(shuffled);

        Assert.Equal(series.Changes, new SpotPriceSeries("m5.large", "a", "Linux", from, to, shuffled).Changes);
        Check(points, from, to, series.Whole());
        Check(points, from.AddSeconds(7), to.AddSeconds(-11), series.Between(from.AddSeconds(7), to.AddSeconds(-11)));
        var days = series.Days().ToDictionary(d => d.Day, d => d.Price);
        for (DateTime day = from.UtcDateTime.Date; day < to.UtcDateTime; day = day.AddDays(1))
        {
            var start = new DateTimeOffset(day, TimeSpan.Zero);
            Check(points, start < from ? from : start, start.AddDays(1) > to ? to : start.AddDays(1), days.GetValueOrDefault(day));
        }
    }

    private static void Check(List<SpotPriceChange> points, DateTimeOffset from, DateTimeOffset to, SpotPriceStatistics? price)
    {
        var known = new List<decimal>();
        DateTimeOffset? first = null;
        for (DateTimeOffset second = from; second < to; second = second.AddSeconds(1))
        {
            SpotPriceChange[] before = [.. points.Where(p => p.Time <= second)];
            if (before.Length == 0)
                continue;
            DateTimeOffset latest = before.Max(p => p.Time);
            known.Add(before.Where(p => p.Time == latest).Max(p => p.Usd));
            first ??= second;
        }

        Assert.Equal(known.Count > 0, price is not null);
        if (price is null)
            return;
        Assert.Equal(known.Average(), price.Mean, 12);
        Assert.Equal((known.Min(), known.Max(), known[^1]), (price.Lowest, price.Highest, price.Last));
        Assert.Equal(first, price.From);
        double mean = known.Average(k => (double)k);
        Assert.Equal(Math.Sqrt(known.Average(k => Math.Pow((double)k - mean, 2))) / mean, price.Volatility, 6);
        Assert.Equal(known.Zip(known.Skip(1)).Count(pair => pair.First != pair.Second), price.Changes);
    }

    private static SpotPriceSeries Series(double hours, params (double Hour, decimal Usd)[] points) => new(
        "m5.large", "us-east-2a", "Linux", Noon, Noon.AddHours(hours), points.Select(p => new SpotPriceChange(Noon.AddHours(p.Hour), p.Usd)));

    private static (decimal, decimal, decimal, int) Facts(SpotPriceStatistics price) => (price.Mean, price.Lowest, price.Highest, price.Changes);
}
