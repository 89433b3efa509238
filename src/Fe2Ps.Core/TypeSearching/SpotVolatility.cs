using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.TypeSearching;

/// <summary>How restless spot prices were: the coefficient of variation of the price over 30 days, each price weighted by the time it held.</summary>
internal sealed class SpotVolatility(Fe2Session session)
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(30);

    /// <summary>The volatility in percent by type and zone.</summary>
    public async Task<IReadOnlyDictionary<(string Type, string Zone), double>> OfAsync(
        IReadOnlyCollection<(string Type, string Zone)> wanted, CancellationToken cancellationToken)
    {
        DateTimeOffset now = session.Clock.GetUtcNow();
        var points = new Dictionary<(string Type, string Zone), List<(DateTimeOffset At, double Usd)>>();
        var request = new DescribeSpotPriceHistoryRequest
        {
            InstanceTypes = [.. wanted.Select(w => w.Type).Distinct(StringComparer.Ordinal)],
            ProductDescriptions = ["Linux/UNIX"],
            Filters = [InstanceQuery.Filter("availability-zone", wanted.Select(w => w.Zone).Distinct(StringComparer.Ordinal))],
            StartTime = (now - Window).UtcDateTime,
        };
        do
        {
            DescribeSpotPriceHistoryResponse page = await session.Ec2.DescribeSpotPriceHistoryAsync(request, cancellationToken).ConfigureAwait(false);
            foreach (SpotPrice price in page.SpotPriceHistory)
            {
                (string, string) key = (price.InstanceType.Value, price.AvailabilityZone);
                if (!points.TryGetValue(key, out List<(DateTimeOffset, double)>? list))
                    points[key] = list = [];
                list.Add((price.Timestamp!.Value.ToUniversalTime(), double.Parse(price.Price, CultureInfo.InvariantCulture)));
            }

            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return wanted.Distinct().Where(points.ContainsKey).ToDictionary(w => w, w => Percent(points[w], now - Window, now));
    }

    /// <summary>The standard deviation in percent of the mean, both weighted by time.</summary>
    /// <param name="points">From when on which price held. The first may lie before the window: it held at its beginning.</param>
    /// <param name="from">Where the window begins.</param>
    /// <param name="to">Where it ends.</param>
    internal static double Percent(IEnumerable<(DateTimeOffset At, double Usd)> points, DateTimeOffset from, DateTimeOffset to)
    {
        (DateTimeOffset At, double Usd)[] ordered = [.. points.OrderBy(p => p.At)];
        double time = 0, sum = 0, squares = 0;
        for (int i = 0; i < ordered.Length; i++)
        {
            DateTimeOffset begin = ordered[i].At < from ? from : ordered[i].At;
            DateTimeOffset end = i + 1 < ordered.Length ? ordered[i + 1].At : to;
            double held = (end - begin).TotalSeconds;
            if (held <= 0)
                continue;
            time += held;
            sum += held * ordered[i].Usd;
            squares += held * ordered[i].Usd * ordered[i].Usd;
        }

        if (time <= 0 || sum <= 0)
            return 0;
        double mean = sum / time;
        return Math.Round(100 * Math.Sqrt(Math.Max(0, (squares / time) - (mean * mean))) / mean, 2);
    }
}
