using System.Globalization;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>
/// Keeps each Auto Scaling group at its desired number: launches what is missing, replaces what ended, ends what is too many, and with
/// capacity rebalancing replaces a spot instance at its rebalance recommendation, before it is interrupted. Sources: Auto Scaling user
/// guide, "Auto Scaling groups with multiple instance types and purchase options" and "Capacity Rebalancing".
/// </summary>
internal sealed class ScalingKeeper(Cloud cloud, OperationTable table)
{
    private readonly HashSet<string> _watched = new(StringComparer.Ordinal);
    private Operation? _launch;

    /// <summary>RunInstances, in whose name things are launched; after a restart the groups go on.</summary>
    public void Start(Operation launch)
    {
        _launch = launch;
        foreach (var region in cloud.State.Regions.Values.Where(region => region.ScalingGroups.Count > 0))
            Soon(region);
    }

    /// <summary>Looks after a region's groups from now on, until there are none.</summary>
    public void Soon(RegionState region)
    {
        if (_watched.Add(region.Name))
            cloud.After(cloud.Pace.Scaling, () => Look(region));
    }

    /// <summary>The launch template of a group, or null.</summary>
    public static Fields? Template(ScalingGroup group)
        => group.Settings.Struct("LaunchTemplate") ?? group.Settings.Struct("MixedInstancesPolicy")?.Struct("LaunchTemplate")?.Struct("LaunchTemplateSpecification");

    /// <summary>The subnets that a group launches in.</summary>
    public static List<Subnet> Places(RegionState region, ScalingGroup group)
    {
        var subnets = (group.Settings.Text("VPCZoneIdentifier") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var zones = group.Settings.Strings("AvailabilityZones");
        return [.. region.Subnets.Where(subnet => subnets.Length > 0 ? subnets.Contains(subnet.Id) : zones.Contains(subnet.Zone))];
    }

    /// <summary>Plans a launch without making it.</summary>
    /// <exception cref="ApiException">What the group asks for cannot be launched.</exception>
    public void Try(RegionState region, ScalingGroup group)
    {
        foreach (var type in Types(group))
            Plan(region, group, Places(region, group)[0], type, isSpot: false);
    }

    /// <summary>Takes an instance out of a group and ends it.</summary>
    public ScalingActivity End(RegionState region, ScalingGroup group, ScalingMember member, string cause)
    {
        member.State = "Terminating";
        foreach (var arn in group.TargetGroupArns.Where(region.TargetGroups.ContainsKey))
            TargetGroups.Leave(cloud, region.TargetGroups[arn], member.InstanceId);
        if (region.Instances.GetValueOrDefault(member.InstanceId) is { IsAlive: true } instance)
        {
            instance.TransitionReason = $"User initiated ({HostKeeper.Gmt(cloud.Now)})";
            table.Hosts.Terminate(region, instance, "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
            table.Spot.InstanceEnded(region, instance, "instance-terminated-by-user", "Spot Instance terminated due to user-initiated termination.");
        }

        return Note(group, $"Terminating EC2 instance: {member.InstanceId}", cause, member.InstanceId);
    }

    private ScalingActivity Note(ScalingGroup group, string description, string cause, string instanceId)
    {
        var activity = new ScalingActivity { Id = Guid.NewGuid().ToString(), Description = description, Cause = cause, Start = cloud.Now, InstanceId = instanceId };
        group.Activities.Add(activity);
        if (group.Activities.Count > 200)
            group.Activities.RemoveAt(0);
        return activity;
    }

    private void Look(RegionState region)
    {
        _watched.Remove(region.Name);
        foreach (var group in region.ScalingGroups.Values.ToList())
        {
            Follow(region, group);
            Balance(region, group);
            if (group.Deleting && group.Members.Count == 0)
                region.ScalingGroups.Remove(group.Name);
        }

        if (region.ScalingGroups.Count > 0)
            Soon(region);
    }

    // What the instances did since the last look.
    private void Follow(RegionState region, ScalingGroup group)
    {
        foreach (var member in group.Members.ToList())
        {
            var instance = region.Instances.GetValueOrDefault(member.InstanceId);
            if (instance is null or { State: InstanceState.Terminated })
            {
                group.Members.Remove(member);
                Done(group, member.InstanceId);
            }
            else if (member.State == "Pending" && instance.State == InstanceState.Running)
            {
                member.State = "InService";
                foreach (var arn in group.TargetGroupArns.Where(region.TargetGroups.ContainsKey))
                    TargetGroups.Join(region.TargetGroups[arn], member.InstanceId);
                Done(group, member.InstanceId);
            }
            else if (member.State != "Terminating" && instance.State is not (InstanceState.Running or InstanceState.Pending))
            {
                End(region, group, member, $"At {Timestamps.Iso(cloud.Now)} an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.");
            }
        }
    }

    private void Done(ScalingGroup group, string instanceId)
    {
        foreach (var activity in group.Activities.Where(activity => activity.InstanceId == instanceId && activity.Status == "InProgress"))
            (activity.Status, activity.End) = ("Successful", cloud.Now);
    }

    private void Balance(RegionState region, ScalingGroup group)
    {
        var staying = group.Members.Where(member => member.State != "Terminating").ToList();
        var atRisk = group.Settings.Is("CapacityRebalance") ? staying.Where(member => region.Instances[member.InstanceId].RebalanceAt is not null).ToList() : [];
        var safe = staying.Except(atRisk).ToList();
        for (var missing = group.Desired - safe.Count; missing > 0 && cloud.Now >= group.NextLaunch; missing--)
        {
            if (Launch(region, group, safe) is not { } made)
            {
                group.NextLaunch = cloud.Now + cloud.Pace.Capacity;
                break;
            }

            group.Members.Add(made);
            safe.Add(made);
        }

        // The recommended one goes when its replacement serves, or when there are enough without it.
        var spare = safe.Count(member => member.State == "InService") - group.Desired + atRisk.Count;
        foreach (var member in atRisk.Take(Math.Max(0, spare)))
            End(region, group, member, $"At {Timestamps.Iso(cloud.Now)} an instance was taken out of service in response to an EC2 instance rebalance recommendation.");

        // Too many: the fullest zone's oldest goes first.
        while (safe.Count > group.Desired)
        {
            var one = safe.Where(member => !member.Protected || group.Deleting)
                .OrderByDescending(member => safe.Count(other => region.Instances[other.InstanceId].Zone == region.Instances[member.InstanceId].Zone))
                .ThenBy(member => region.Instances[member.InstanceId].LaunchTime).FirstOrDefault();
            if (one is null)
                break;
            safe.Remove(one);
            End(region, group, one, $"At {Timestamps.Iso(cloud.Now)} an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from {safe.Count + 1} to {safe.Count}.");
        }
    }

    private ScalingMember? Launch(RegionState region, ScalingGroup group, List<ScalingMember> safe)
    {
        var places = Places(region, group).OrderBy(subnet => safe.Count(member => region.Instances[member.InstanceId].Zone == subnet.Zone)).ToList();
        var isSpot = WantsSpot(region, group, safe);
        ApiException? refusal = null;
        foreach (var type in Ordered(region, group, isSpot))
        {
            foreach (var place in places)
            {
                try
                {
                    var call = Call(region);
                    var instance = table.Launcher.Launch(call, Plan(region, group, place, type, isSpot))[0];
                    Note(group, $"Launching a new EC2 instance: {instance.Id}",
                        $"At {Timestamps.Iso(cloud.Now)} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {safe.Count} to {safe.Count + 1}.",
                        instance.Id);
                    return new ScalingMember { InstanceId = instance.Id, Protected = group.Settings.Is("NewInstancesProtectedFromScaleIn") };
                }
                catch (ApiException error)
                {
                    refusal = error;
                }
            }
        }

        var failed = Note(group, "Launching a new EC2 instance.", $"At {Timestamps.Iso(cloud.Now)} an instance was started in response to a difference between desired and actual capacity.", "");
        (failed.Status, failed.End, failed.Message) = ("Failed", cloud.Now, $"{refusal?.Message} Launching EC2 instance failed.");
        return null;
    }

    // On demand up to the base, then by the percentage above it; without a policy the template decides.
    private static bool WantsSpot(RegionState region, ScalingGroup group, List<ScalingMember> safe)
    {
        if (group.Settings.Struct("MixedInstancesPolicy") is not { } policy)
            return false;
        var distribution = policy.Struct("InstancesDistribution");
        var least = Math.Min(distribution?.Int("OnDemandBaseCapacity") ?? 0, group.Desired);
        var percent = distribution?.Int("OnDemandPercentageAboveBaseCapacity") ?? 100;
        var wanted = least + (int)Math.Ceiling((group.Desired - least) * percent / 100.0);
        return safe.Count(member => !region.Instances[member.InstanceId].IsSpot) >= wanted;
    }

    private static List<Fields> Types(ScalingGroup group)
        => group.Settings.Struct("MixedInstancesPolicy")?.Struct("LaunchTemplate")?.List("Overrides") is { Count: > 0 } list ? [.. list] : [[]];

    private IEnumerable<Fields> Ordered(RegionState region, ScalingGroup group, bool isSpot)
    {
        var types = Types(group);
        var strategy = group.Settings.Struct("MixedInstancesPolicy")?.Struct("InstancesDistribution")?.Text("SpotAllocationStrategy") ?? "lowest-price";
        if (!isSpot || strategy == "capacity-optimized-prioritized")
            return types;
        var facts = Geography.Find(region.Name);
        return types.OrderBy(type => type.Text("InstanceType") is { } name && InstanceTypes.Find(name) is { } known
            ? Places(region, group).Min(place => Prices.Spot(known, facts, place.Zone, cloud.Now)) : double.MaxValue);
    }

    private Call Call(RegionState region) => new(cloud, _launch!, [], region.Name);

    private LaunchPlan Plan(RegionState region, ScalingGroup group, Subnet place, Fields overrides, bool isSpot)
    {
        var call = Call(region);
        var template = LaunchTemplates.Of(call, overrides.Struct("LaunchTemplateSpecification") ?? Template(group)!);
        var mixed = group.Settings.Struct("MixedInstancesPolicy");
        var request = new Fields { ["MinCount"] = 1, ["MaxCount"] = 1, ["InstanceType"] = overrides.Text("InstanceType"), ["ImageId"] = overrides.Text("ImageId") };
        if (template.Data.List("NetworkInterfaces") is [var first, ..])
            request["NetworkInterfaces"] = new[] { new Fields { ["SubnetId"] = place.Id }.FilledBy(first) };
        else
            request["SubnetId"] = place.Id;
        var plan = LaunchPlan.Read(call, LaunchTemplates.Filled(request, template, mixed is null ? [] : ["InstanceMarketOptions"]));
        if (mixed is not null && isSpot)
            plan = plan with { Spot = new SpotPlan(Price(mixed), "one-time", "terminate", null) };
        foreach (var key in group.Propagated)
            plan.InstanceTags[key] = group.Tags[key];
        plan.InstanceTags["aws:autoscaling:groupName"] = group.Name;
        plan.InstanceTags["aws:ec2launchtemplate:id"] = template.Id;
        plan.InstanceTags["aws:ec2launchtemplate:version"] = "1";
        return plan;
    }

    private static string? Price(Fields mixed) => mixed.Struct("InstancesDistribution")?.Text("SpotMaxPrice") is { Length: > 0 } price
        && double.TryParse(price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _) ? price : null;
}
