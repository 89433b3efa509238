using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Auto Scaling's operations. What a group does by itself is the <see cref="ScalingKeeper"/>'s.</summary>
internal static class ScalingGroups
{
    private static readonly Filters<ScalingGroup> s_filters = new();
    private static readonly string[] s_own = ["AutoScalingGroupName", "MinSize", "MaxSize", "DesiredCapacity", "Tags", "TargetGroupARNs", "HonorCooldown"];

    public static void Register(OperationTable table)
    {
        table.Add("autoscaling", "CreateAutoScalingGroup", call => Create(call, table.Scaling));
        table.Add("autoscaling", "UpdateAutoScalingGroup", call => Update(call, table.Scaling));
        table.Add("autoscaling", "DeleteAutoScalingGroup", call => Delete(call, table.Scaling));
        table.Add("autoscaling", "DescribeAutoScalingGroups", Describe);
        table.Add("autoscaling", "DescribeScalingActivities", Activities);
        table.Add("autoscaling", "SetDesiredCapacity", call => Desire(call, table.Scaling));
        table.Add("autoscaling", "TerminateInstanceInAutoScalingGroup", call => Terminate(call, table.Scaling));
        table.Add("autoscaling", "AttachLoadBalancerTargetGroups", Attach);
        table.Add("autoscaling", "DetachLoadBalancerTargetGroups", Detach);
    }

    private static ApiException Invalid(string why) => new("ValidationError", why);

    private static ScalingGroup Find(Call call)
    {
        var name = call.Input.Text("AutoScalingGroupName")!;
        return call.Region.ScalingGroups.GetValueOrDefault(name) is { Deleting: false } group
            ? group : throw Invalid($"AutoScalingGroup name not found - AutoScalingGroup {name} not found");
    }

    private static Fields? Create(Call call, ScalingKeeper keeper)
    {
        var input = call.Input;
        var name = input.Text("AutoScalingGroupName")!;
        if (call.Region.ScalingGroups.ContainsKey(name))
            throw new ApiException("AlreadyExists", $"AutoScalingGroup by this name already exists - A group with the name {name} already exists");
        var group = new ScalingGroup
        {
            Id = $"arn:aws:autoscaling:{call.Facts.Name}:{call.AccountId}:autoScalingGroup:{Guid.NewGuid()}:autoScalingGroupName/{name}",
            Name = name,
            Settings = Settings(input, []),
            CreatedAt = call.Now,
        };
        Sizes(group, input.Int("MinSize")!.Value, input.Int("MaxSize")!.Value, input.Int("DesiredCapacity") ?? input.Int("MinSize")!.Value);
        TagRules.Put(group.Tags, input.List("Tags"));
        foreach (var tag in input.List("Tags").Where(tag => tag.Bool("PropagateAtLaunch") ?? true))
            group.Propagated.Add(tag.Text("Key")!);
        group.TargetGroupArns.AddRange(Targets(call));
        Check(keeper, call, group);
        call.Region.ScalingGroups[name] = group;
        keeper.Soon(call.Region);
        return null;
    }

    private static Fields? Update(Call call, ScalingKeeper keeper)
    {
        var (group, input) = (Find(call), call.Input);
        var before = (group.Settings, group.Least, group.Most, group.Desired);
        var (least, most) = (input.Int("MinSize") ?? group.Least, input.Int("MaxSize") ?? group.Most);
        try
        {
            group.Settings = Settings(input, group.Settings);
            Sizes(group, least, most, input.Int("DesiredCapacity") ?? Math.Clamp(group.Desired, least, Math.Max(least, most)));
            Check(keeper, call, group);
        }
        catch (ApiException)
        {
            (group.Settings, group.Least, group.Most, group.Desired) = before;
            throw;
        }

        keeper.Soon(call.Region);
        return null;
    }

    private static Fields? Delete(Call call, ScalingKeeper keeper)
    {
        var group = Find(call);
        if (group.Members.Count > 0 && !call.Input.Is("ForceDelete"))
        {
            throw new ApiException(
                "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.");
        }

        (group.Deleting, group.Least, group.Desired) = (true, 0, 0);
        keeper.Soon(call.Region);
        return null;
    }

    private static Fields? Desire(Call call, ScalingKeeper keeper)
    {
        var group = Find(call);
        var wanted = call.Input.Int("DesiredCapacity")!.Value;
        if (wanted < group.Least)
            throw Invalid($"New SetDesiredCapacity value {wanted} is below min value {group.Least} for the AutoScalingGroup.");
        if (wanted > group.Most)
            throw Invalid($"New SetDesiredCapacity value {wanted} is above max value {group.Most} for the AutoScalingGroup.");
        group.Desired = wanted;
        keeper.Soon(call.Region);
        return null;
    }

    private static Fields Terminate(Call call, ScalingKeeper keeper)
    {
        var id = call.Input.Text("InstanceId")!;
        var (group, member) = call.Region.ScalingGroups.Values.SelectMany(group => group.Members.Select(member => (group, member)))
            .FirstOrDefault(pair => pair.member.InstanceId == id && pair.member.State != "Terminating");
        if (group is null)
            throw Invalid($"Instance Id not found - No managed instance found for instance ID: {id}");
        if (call.Input.Is("ShouldDecrementDesiredCapacity"))
        {
            if (group.Desired <= group.Least)
                throw Invalid($"Currently, desiredSize equals minSize ({group.Least}). Terminating instance without replacement will violate group's min size constraint.");
            group.Desired--;
        }

        var activity = keeper.End(call.Region, group, member, $"At {Timestamps.Iso(call.Now)} instance {id} was taken out of service in response to a user request.");
        keeper.Soon(call.Region);
        return new Fields { ["Activity"] = One(group, activity) };
    }

    private static Fields Attach(Call call)
    {
        var group = Find(call);
        foreach (var arn in Targets(call).Except(group.TargetGroupArns).ToList())
        {
            group.TargetGroupArns.Add(arn);
            foreach (var member in group.Members.Where(member => member.State == "InService"))
                TargetGroups.Join(call.Region.TargetGroups[arn], member.InstanceId);
        }

        return [];
    }

    private static Fields Detach(Call call)
    {
        var group = Find(call);
        foreach (var arn in call.Input.Strings("TargetGroupARNs"))
        {
            if (!group.TargetGroupArns.Remove(arn))
                throw Invalid($"Target Group {arn} is not attached to the group.");
            foreach (var member in group.Members)
                TargetGroups.Leave(call.Cloud, call.Region.TargetGroups[arn], member.InstanceId);
        }

        return [];
    }

    private static IReadOnlyList<string> Targets(Call call)
    {
        var arns = call.Input.Strings("TargetGroupARNs");
        return arns.FirstOrDefault(arn => !call.Region.TargetGroups.ContainsKey(arn)) is { } missing
            ? throw Invalid($"Provided Target Groups may not be valid. Please ensure they exist and try again. ({missing})") : arns;
    }

    private static Fields Settings(Fields input, Fields before)
    {
        var own = new Fields();
        foreach (var (name, value) in input)
        {
            if (!s_own.Contains(name))
                own[name] = value;
        }

        // One template takes the other's place.
        var kept = new Fields();
        foreach (var (name, value) in before)
        {
            if (!own.Has(name) && !(name is "LaunchTemplate" or "MixedInstancesPolicy" && (own.Has("LaunchTemplate") || own.Has("MixedInstancesPolicy"))))
                kept[name] = value;
        }

        foreach (var (name, value) in own)
            kept[name] = value;
        return kept;
    }

    private static void Sizes(ScalingGroup group, int least, int most, int desired)
    {
        if (least > most)
            throw Invalid($"Max bound, {most}, must be greater than or equal to min bound, {least}");
        if (desired < least || desired > most)
            throw Invalid($"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}");
        (group.Least, group.Most, group.Desired) = (least, most, desired);
    }

    private static void Check(ScalingKeeper keeper, Call call, ScalingGroup group)
    {
        if (ScalingKeeper.Template(group) is null)
            throw Invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.");
        if (ScalingKeeper.Places(call.Region, group).Count == 0)
            throw Invalid("At least one Availability Zone or VPC Subnet is required.");
        try
        {
            keeper.Try(call.Region, group);
        }
        catch (ApiException wrong)
        {
            throw Invalid($"You must use a valid fully-formed launch template. {wrong.Message}");
        }
    }

    private static Fields Describe(Call call)
    {
        var names = call.Input.Strings("AutoScalingGroupNames");
        var groups = call.Region.ScalingGroups.Values.Where(group => names.Count == 0 || names.Contains(group.Name));
        var page = Pages.Cut(s_filters.Apply(groups, call.Input), call.Paged("MaxRecords", "NextToken"), group => group.Name, least: 1, most: 100, usual: 50);
        return new Fields { ["AutoScalingGroups"] = page.Items.Select(group => One(call, group)), ["NextToken"] = page.NextToken };
    }

    private static Fields Activities(Call call)
    {
        var (name, ids) = (call.Input.Text("AutoScalingGroupName"), call.Input.Strings("ActivityIds"));
        var all = call.Region.ScalingGroups.Values.Where(group => name is null || group.Name == name)
            .SelectMany(group => group.Activities.Select(activity => (group, activity)))
            .Where(pair => ids.Count == 0 || ids.Contains(pair.activity.Id)).OrderByDescending(pair => pair.activity.Start);
        var page = Pages.Cut(all, call.Paged("MaxRecords", "NextToken"), pair => pair.activity.Id, least: 1, most: 100, usual: 100);
        return new Fields { ["Activities"] = page.Items.Select(pair => One(pair.group, pair.activity)), ["NextToken"] = page.NextToken };
    }

    private static Fields One(ScalingGroup group, ScalingActivity activity) => new()
    {
        ["ActivityId"] = activity.Id,
        ["AutoScalingGroupName"] = group.Name,
        ["Description"] = activity.Description,
        ["Cause"] = activity.Cause,
        ["StartTime"] = activity.Start,
        ["EndTime"] = activity.End,
        ["StatusCode"] = activity.Status,
        ["StatusMessage"] = activity.Message,
        ["Progress"] = activity.Status == "InProgress" ? 30 : 100,
        ["AutoScalingGroupARN"] = group.Id,
    };

    private static Fields One(Call call, ScalingGroup group)
    {
        var settings = group.Settings;
        return new Fields
        {
            ["AutoScalingGroupName"] = group.Name,
            ["AutoScalingGroupARN"] = group.Id,
            ["LaunchTemplate"] = settings.Struct("LaunchTemplate"),
            ["MixedInstancesPolicy"] = settings.Struct("MixedInstancesPolicy"),
            ["MinSize"] = group.Least,
            ["MaxSize"] = group.Most,
            ["DesiredCapacity"] = group.Desired,
            ["DefaultCooldown"] = settings.Int("DefaultCooldown") ?? 300,
            ["AvailabilityZones"] = ScalingKeeper.Places(call.Region, group).Select(subnet => subnet.Zone).Distinct().ToList(),
            ["TargetGroupARNs"] = group.TargetGroupArns,
            ["HealthCheckType"] = settings.Text("HealthCheckType") ?? "EC2",
            ["HealthCheckGracePeriod"] = settings.Int("HealthCheckGracePeriod") ?? 0,
            ["Instances"] = group.Members.Select(member => Member(call, member)).OfType<Fields>().ToList(),
            ["CreatedTime"] = group.CreatedAt,
            ["VPCZoneIdentifier"] = settings.Text("VPCZoneIdentifier") ?? "",
            ["Status"] = group.Deleting ? "Delete in progress" : null,
            ["Tags"] = group.Tags.Select(tag => new Fields
            {
                ["ResourceId"] = group.Name,
                ["ResourceType"] = "auto-scaling-group",
                ["Key"] = tag.Key,
                ["Value"] = tag.Value,
                ["PropagateAtLaunch"] = group.Propagated.Contains(tag.Key),
            }).ToList(),
            ["TerminationPolicies"] = settings.Has("TerminationPolicies") ? settings.Strings("TerminationPolicies") : ["Default"],
            ["NewInstancesProtectedFromScaleIn"] = settings.Is("NewInstancesProtectedFromScaleIn"),
            ["ServiceLinkedRoleARN"] = $"arn:aws:iam::{call.AccountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            ["CapacityRebalance"] = settings.Bool("CapacityRebalance"),
        };
    }

    private static Fields? Member(Call call, ScalingMember member) => call.Region.Instances.GetValueOrDefault(member.InstanceId) is not { } instance ? null : new Fields
    {
        ["InstanceId"] = member.InstanceId,
        ["InstanceType"] = instance.Type,
        ["AvailabilityZone"] = instance.Zone,
        ["LifecycleState"] = member.State,
        ["HealthStatus"] = instance.State is InstanceState.Running or InstanceState.Pending ? "Healthy" : "Unhealthy",
        ["ProtectedFromScaleIn"] = member.Protected,
    };
}
