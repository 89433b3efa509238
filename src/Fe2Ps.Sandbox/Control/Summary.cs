using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Control;

/// <summary>The state as a test or a bill wants it: what there is, how long it ran, what it would have cost.</summary>
internal static class Summary
{
    /// <summary>Dollars for a GiB of gp3 in a month, us-east-1 (EBS pricing page).</summary>
    public const double VolumeGiBMonth = 0.08;

    public static object Of(Cloud cloud) => new
    {
        cloud.State.AccountId,
        Time = cloud.Now,
        CallerAddress = cloud.CallerAddress ?? cloud.Fabric.CallerAddress.ToString(),
        Hosts = cloud.Fabric.Kind.ToString().ToLowerInvariant(),
        cloud.Fabric.Limits,
        Faults = cloud.Faults.All,
        Regions = cloud.State.Regions.Values.ToDictionary(region => region.Name, region => OfRegion(cloud, region)),
    };

    private static object OfRegion(Cloud cloud, RegionState region)
    {
        var facts = Geography.Find(region.Name);
        return new
        {
            Instances = region.Instances.Values.Select(instance => OfInstance(cloud, region, facts, instance)).ToList(),
            Volumes = region.Volumes.Values.Select(volume => new
            {
                volume.Id,
                volume.Size,
                volume.Type,
                volume.State,
                volume.Zone,
                volume.Tags,
                volume.Attachment?.InstanceId,
                volume.Attachment?.Device,
                PricePerGiBMonth = Math.Round(VolumeGiBMonth * facts.PriceFactor, 4),
            }).ToList(),
            Snapshots = region.Snapshots.Values.Select(snapshot => new { snapshot.Id, snapshot.Size, snapshot.State, snapshot.Tags }).ToList(),
            Images = region.Images.Values.Select(image => new { image.Id, image.Name, image.State, image.Tags }).ToList(),
            SpotRequests = region.SpotRequests.Values.Select(request => new
            {
                request.Id,
                request.State,
                request.StatusCode,
                request.Type,
                request.InstanceId,
                request.Tags,
            }).ToList(),
            SecurityGroups = region.Groups.Values.Select(group => new { group.Id, group.Name, Rules = group.Rules.Select(PermissionView.Describe).ToList(), group.Tags }).ToList(),
            LaunchTemplates = region.LaunchTemplates.Values.Select(template => new { template.Id, template.Name, template.Tags }).ToList(),
            Addresses = region.Addresses.Values.Select(address => new { address.Id, address.PublicIp, address.Tags }).ToList(),
            KeyPairs = region.KeyPairs.Values.Select(pair => new { pair.Id, pair.Name, pair.Fingerprint }).ToList(),
        };
    }

    private static object OfInstance(Cloud cloud, RegionState region, RegionFacts facts, Instance instance)
    {
        var type = InstanceTypes.Find(instance.Type)!;
        var onDemand = Prices.OnDemand(type, facts);
        var price = instance.IsSpot ? Prices.Spot(type, facts, instance.Zone, instance.LaunchTime) : onDemand;
        var seconds = instance.BilledSeconds + (instance.RunningSince is { } since ? (cloud.Now - since).TotalSeconds : 0);

        // Linux is billed by the second, a minute at least (EC2 on-demand pricing page).
        var billed = seconds > 0 ? Math.Max(60, seconds) : 0;
        return new
        {
            instance.Id,
            Name = instance.Tags.GetValueOrDefault("Name"),
            State = instance.State.Name(),
            instance.Type,
            instance.Zone,
            Lifecycle = instance.IsSpot ? "spot" : "on-demand",
            instance.PublicIp,
            instance.PrivateIp,
            instance.LaunchTime,
            instance.EndedAt,
            instance.Tags,
            instance.Notice,
            instance.RebalanceAt,
            RunningSeconds = Math.Round(seconds, 3),
            PricePerHour = price,
            OnDemandPerHour = onDemand,
            Cost = Math.Round(billed / 3600 * price, 6),
            OnDemandCost = Math.Round(billed / 3600 * onDemand, 6),
            RootGiB = region.Volumes.GetValueOrDefault(instance.RootVolumeId)?.Size,
        };
    }
}
