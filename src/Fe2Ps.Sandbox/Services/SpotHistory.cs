using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>DescribeSpotPriceHistory. Handlers run one at a time, so the kept listings need no lock of their own.</summary>
internal sealed class SpotHistory
{
    // The listings whose pages are being read: one is made once, however many pages it has.
    private const int MostKept = 8;

    private static readonly Filters<Row> s_prices = new Filters<Row>()
        .One("availability-zone", item => item.Zone.Name)
        .One("availability-zone-id", item => item.Zone.Id)
        .One("instance-type", item => item.Type.Name)
        .One("product-description", _ => "Linux/UNIX")
        .One("spot-price", item => Prices.Write(item.Price))
        .One("timestamp", item => item.Time);

    private readonly List<(string Scope, IReadOnlyList<Row> Rows)> _kept = [];

    public Fields Describe(Call call)
    {
        var scope = $"{call.TokenScope} {call.Facts.Name} {call.Input.Canonical("NextToken", "MaxResults")}";
        var rows = string.IsNullOrEmpty(call.Input.Text("NextToken")) ? null : _kept.Find(item => item.Scope == scope).Rows;
        if (rows is null)
        {
            rows = List(call);
            _kept.RemoveAll(item => item.Scope == scope);
            if (_kept.Count == MostKept)
                _kept.RemoveAt(0);
            _kept.Add((scope, rows));
        }

        var page = Pages.Cut(rows, call, row => $"{row.Time.UtcTicks} {row.Type.Name} {row.Zone.Name}", least: 1);
        return new Fields
        {
            ["SpotPriceHistory"] = page.Items.Select(row => new Fields
            {
                ["AvailabilityZone"] = row.Zone.Name,
                ["AvailabilityZoneId"] = row.Zone.Id,
                ["InstanceType"] = row.Type.Name,
                ["ProductDescription"] = "Linux/UNIX",
                ["SpotPrice"] = Prices.Write(row.Price),
                ["Timestamp"] = row.Time,
            }),
            ["NextToken"] = page.NextToken ?? "",
        };
    }

    private static List<Row> List(Call call)
    {
        var input = call.Input;
        var (to, from) = (input.Time("EndTime") ?? call.Now, input.Time("StartTime") ?? call.Now.AddDays(-90));
        if (from > to)
            throw new ApiException("InvalidParameterValue", "The start time is after the end time.");
        var oldest = call.Now.AddDays(-90);
        (from, to) = (from < oldest ? oldest : from, to > call.Now ? call.Now : to);
        var names = input.Strings("InstanceTypes");
        if (names.FirstOrDefault(name => !LaunchRules.KnownNames.Contains(name)) is { } unknown)
            throw new ApiException("InvalidParameterValue", $"Invalid instance type: '{unknown}'");
        var products = input.Strings("ProductDescriptions");
        IEnumerable<TypeFacts> types = products.Count > 0 && !products.Any(product => product.StartsWith("Linux/UNIX", StringComparison.Ordinal))
            ? []
            : names.Count > 0 ? names.Select(InstanceTypes.Find).OfType<TypeFacts>() : InstanceTypes.All.Values;
        var zone = input.Text("AvailabilityZone");
        var zones = call.Facts.Zones.Where(item => (zone is null || item.Name == zone) && (input.Text("AvailabilityZoneId") ?? item.Id) == item.Id).ToList();
        var rows = types.SelectMany(type => zones.SelectMany(item =>
            Prices.History(type, call.Facts, item.Name, from, to, call.Region.SpotChangesADay.GetValueOrDefault(type.Name))
                .Select(point => new Row(type, item, point.Time, point.Price))));
        return [.. s_prices.Apply(rows, input).OrderByDescending(row => row.Time).ThenBy(row => row.Type.Name, StringComparer.Ordinal)];
    }

    private sealed record Row(TypeFacts Type, ZoneFacts Zone, DateTimeOffset Time, double Price);
}
