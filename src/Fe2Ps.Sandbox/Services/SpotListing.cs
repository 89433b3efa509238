using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Describe- and CancelSpotInstanceRequests, DescribeSpotPriceHistory, GetSpotPlacementScores.</summary>
internal static class SpotListing
{
    private static readonly Filters<SpotRequest> s_requests = new Filters<SpotRequest>()
        .One("spot-instance-request-id", item => item.Id)
        .One("state", item => item.State)
        .One("status-code", item => item.StatusCode)
        .One("status-message", item => item.StatusMessage)
        .One("instance-id", item => item.InstanceId)
        .One("type", item => item.Type)
        .One("spot-price", item => item.MaxPrice)
        .One("create-time", item => item.CreatedAt)
        .One("launched-availability-zone", item => item.Zone)
        .One("launch.image-id", item => item.ImageId)
        .One("launch.instance-type", item => item.InstanceType)
        .One("launch.key-name", item => item.KeyName)
        .Many("launch.group-id", item => item.GroupIds)
        .One("product-description", _ => "Linux/UNIX");

    public static void Register(OperationTable table)
    {
        table.Add("DescribeSpotInstanceRequests", call => Describe(call, table));
        table.Add("CancelSpotInstanceRequests", call => Cancel(call, table));
        table.Add("DescribeSpotPriceHistory", new SpotHistory().Describe);
        table.Add("GetSpotPlacementScores", Scores);
    }

    private static SpotRequest Find(Call call, string id)
    {
        if (!id.StartsWith("sir-", StringComparison.Ordinal))
            throw new ApiException("InvalidSpotInstanceRequestID.Malformed", $"Invalid Id: \"{id}\"");
        return call.Region.SpotRequests.GetValueOrDefault(id)
            ?? throw new ApiException("InvalidSpotInstanceRequestID.NotFound", $"The spot instance request ID '{id}' does not exist");
    }

    private static Fields Describe(Call call, OperationTable table)
    {
        table.Spot.Expire(call.Region);
        var ids = call.Input.Strings("SpotInstanceRequestIds");
        var requests = ids.Count > 0 ? ids.Select(id => Find(call, id)) : call.Region.SpotRequests.Values;
        var page = Pages.Cut(s_requests.Apply(requests, call.Input), call, request => request.Id);
        return new Fields { ["SpotInstanceRequests"] = page.Items.Select(request => One(call, request)), ["NextToken"] = page.NextToken };
    }

    private static Fields Cancel(Call call, OperationTable table)
    {
        var requests = call.Input.Strings("SpotInstanceRequestIds").Select(id => Find(call, id)).ToList();
        foreach (var request in requests.Where(request => request.State is "open" or "active" or "disabled"))
            table.Spot.Cancel(call.Region, request);
        return new Fields
        {
            ["CancelledSpotInstanceRequests"] = requests.Select(request => new Fields { ["SpotInstanceRequestId"] = request.Id, ["State"] = request.State }).ToList(),
        };
    }

    private static Fields One(Call call, SpotRequest request) => new()
    {
        ["SpotInstanceRequestId"] = request.Id,
        ["CreateTime"] = request.CreatedAt,
        ["State"] = request.State,
        ["Status"] = new Fields { ["Code"] = request.StatusCode, ["Message"] = request.StatusMessage, ["UpdateTime"] = request.UpdatedAt },
        ["Type"] = request.Type,
        ["SpotPrice"] = request.MaxPrice,
        ["ProductDescription"] = "Linux/UNIX",
        ["InstanceId"] = request.InstanceId,
        ["InstanceInterruptionBehavior"] = request.Interruption,
        ["LaunchedAvailabilityZone"] = request.InstanceId is null ? null : request.Zone,
        ["ValidUntil"] = request.ValidUntil,
        ["LaunchSpecification"] = new Fields
        {
            ["ImageId"] = request.ImageId,
            ["InstanceType"] = request.InstanceType,
            ["KeyName"] = request.KeyName,
            ["SubnetId"] = request.SubnetId,
            ["Placement"] = new Fields { ["AvailabilityZone"] = request.Zone },
            ["SecurityGroups"] = request.GroupIds.Select(id => new Fields { ["GroupId"] = id, ["GroupName"] = call.Region.Groups.GetValueOrDefault(id)?.Name }).ToList(),
            ["Monitoring"] = new Fields { ["Enabled"] = false },
        },
        ["Tags"] = TagRules.List(request),
    };

    private static Fields Scores(Call call)
    {
        var input = call.Input;
        var names = input.Strings("InstanceTypes");
        if (names.Count == 0 && !input.Has("InstanceRequirementsWithMetadata"))
            throw ApiException.Missing("InstanceType");
        if (names.FirstOrDefault(name => InstanceTypes.Find(name) is null) is { } unknown)
            throw new ApiException("InvalidParameterValue", $"The instance type '{unknown}' is not known.");
        var regions = input.Strings("RegionNames") is { Count: > 0 } wanted ? wanted.Select(Geography.Find) : Geography.Regions;
        var single = input.Is("SingleAvailabilityZone");
        var places = regions.SelectMany(region => single
            ? region.Zones.Select(zone => (Region: region.Name, Zone: (string?)zone.Id, Score: Score(names, region, [zone], input.Int("TargetCapacity")!.Value, call)))
            : [(region.Name, null, Score(names, region, region.Zones, input.Int("TargetCapacity")!.Value, call))]);
        var page = Pages.Cut(
            places.OrderByDescending(place => place.Score).ThenBy(place => place.Region, StringComparer.Ordinal).Take(10), call, place => $"{place.Region} {place.Zone}",
            least: 10);
        return new Fields
        {
            ["SpotPlacementScores"] = page.Items.Select(place => new Fields
            {
                ["Region"] = place.Region,
                ["AvailabilityZoneId"] = place.Zone,
                ["Score"] = place.Score,
            }).ToList(),
            ["NextToken"] = page.NextToken,
        };
    }

    // Where spot is cheap against on demand there is room; more types and zones help, a large target does not.
    private static int Score(IReadOnlyList<string> names, RegionFacts region, IReadOnlyList<ZoneFacts> zones, int target, Call call)
    {
        var types = names.Count > 0 ? names.Select(InstanceTypes.Find).OfType<TypeFacts>().ToList() : [.. InstanceTypes.All.Values.Take(5)];
        var share = types.Average(type => zones.Average(zone => Prices.Spot(type, region, zone.Name, call.Now) / Prices.OnDemand(type, region)));
        var score = 10 - (share * 14) + Math.Min(types.Count, 4) - (2 * Math.Log10(target));
        return Math.Clamp((int)Math.Round(score), 1, 10);
    }
}
