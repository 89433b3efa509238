using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
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
        var points = new Dictionary<(string Type, string Zone), List<SpotPriceChange>>();
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
                if (!points.TryGetValue(key, out List<SpotPriceChange>? list))
                    points[key] = list = [];
                list.Add(new SpotPriceChange(price.Timestamp!.Value.ToUniversalTime(), decimal.Parse(price.Price, CultureInfo.InvariantCulture)));
            }

            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return wanted.Distinct().Where(points.ContainsKey).ToDictionary(w => w, w => Percent(new SpotPriceSeries(w.Type, w.Zone, "Linux", now - Window, now, points[w])));
    }

    private static double Percent(SpotPriceSeries series) => Math.Round(100 * (series.Whole()?.Volatility ?? 0), 2);
}
