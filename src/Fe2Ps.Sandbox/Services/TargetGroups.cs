using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>
/// ELBv2's target groups. There are no load balancers here, so a group counts as used by one: a target is healthy while its
/// instance runs and has passed its status checks.
/// </summary>
internal static class TargetGroups
{
    public static void Register(OperationTable table)
    {
        table.Add("elbv2", "CreateTargetGroup", Create);
        table.Add("elbv2", "DeleteTargetGroup", Delete);
        table.Add("elbv2", "DescribeTargetGroups", Describe);
        table.Add("elbv2", "DescribeTargetHealth", Health);
        table.Add("elbv2", "RegisterTargets", RegisterTargets);
        table.Add("elbv2", "DeregisterTargets", Deregister);
    }

    public static TargetGroup Find(Call call, string arn)
        => call.Region.TargetGroups.GetValueOrDefault(arn) ?? throw new ApiException("TargetGroupNotFound", "One or more target groups not found");

    /// <summary>Puts an instance into a group, at the group's port.</summary>
    public static void Join(TargetGroup group, string instanceId, int? port = null)
    {
        var at = port ?? group.Port;
        if (group.Targets.FirstOrDefault(target => target.Id == instanceId && target.Port == at) is { } known)
            known.DrainsUntil = null;
        else
            group.Targets.Add(new Target { Id = instanceId, Port = at });
    }

    /// <summary>Takes an instance out: it drains for a while and is gone then.</summary>
    public static void Leave(Cloud cloud, TargetGroup group, string instanceId, int? port = null)
    {
        foreach (var target in group.Targets.Where(target => target.Id == instanceId && (port is null || target.Port == port) && target.DrainsUntil is null))
            target.DrainsUntil = cloud.Now + cloud.Pace.Drain;
    }

    private static Fields Create(Call call)
    {
        var input = call.Input;
        var name = input.Text("Name")!;
        if (name.Length > 32 || name.StartsWith('-') || name.EndsWith('-') || name.Any(character => !char.IsAsciiLetterOrDigit(character) && character != '-'))
            throw new ApiException("ValidationError", $"Target group name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)");
        if (input.Text("TargetType") is not (null or "instance"))
            throw new ApiException("ValidationError", "The sandbox has target groups of the type 'instance' only.");
        var port = input.Int("Port") ?? throw new ApiException("ValidationError", "A port must be specified");
        var protocol = input.Text("Protocol") ?? throw new ApiException("ValidationError", "A protocol must be specified");
        if (input.Text("VpcId") is not { } vpc)
            throw new ApiException("ValidationError", "A VPC ID must be specified");
        if (vpc != call.Region.Vpc.Id)
            throw new ApiException("ValidationError", $"The VPC ID '{vpc}' is not found");
        if (call.Region.TargetGroups.Values.FirstOrDefault(group => group.Name == name) is { } existing)
        {
            return existing.Settings.Canonical() == input.Canonical()
                ? new Fields { ["TargetGroups"] = new[] { One(existing) } }
                : throw new ApiException("DuplicateTargetGroupName", $"A target group with the same name '{name}' exists, but with different settings");
        }

        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        TagRules.Put(tags, input.List("Tags"));
        var made = new TargetGroup
        {
            Id = $"arn:aws:elasticloadbalancing:{call.Facts.Name}:{call.AccountId}:targetgroup/{name}/{Ids.New("t")[3..]}",
            Name = name,
            Settings = input,
            Port = port,
            CreatedAt = call.Now,
            Tags = tags,
        };
        call.Region.TargetGroups[made.Id] = made;
        return new Fields { ["TargetGroups"] = new[] { One(made) } };
    }

    private static Fields Delete(Call call)
    {
        // A group that is gone already is no error (ELB API reference, DeleteTargetGroup).
        call.Region.TargetGroups.Remove(call.Input.Text("TargetGroupArn")!);
        return [];
    }

    private static Fields Describe(Call call)
    {
        var (arns, names) = (call.Input.Strings("TargetGroupArns"), call.Input.Strings("Names"));
        if (call.Input.Text("LoadBalancerArn") is { } balancer)
            throw new ApiException("LoadBalancerNotFound", $"Load balancer '{balancer}' not found");
        var groups = arns.Count > 0 ? arns.Select(arn => Find(call, arn)) : call.Region.TargetGroups.Values;
        foreach (var name in names)
        {
            if (call.Region.TargetGroups.Values.All(group => group.Name != name))
                throw new ApiException("TargetGroupNotFound", "One or more target groups not found");
        }

        if (names.Count > 0)
            groups = groups.Where(group => names.Contains(group.Name));
        var page = Pages.Cut(groups, call.Paged("PageSize", "Marker"), group => group.Id, least: 1, most: 400, usual: 400);
        return new Fields { ["TargetGroups"] = page.Items.Select(One), ["NextMarker"] = page.NextToken };
    }

    private static Fields RegisterTargets(Call call)
    {
        var group = Find(call, call.Input.Text("TargetGroupArn")!);
        var targets = call.Input.List("Targets");
        var missing = targets.Select(target => target.Text("Id")!)
            .Where(id => call.Region.Instances.GetValueOrDefault(id) is not { State: InstanceState.Running or InstanceState.Pending }).ToList();
        if (missing.Count > 0)
            throw new ApiException("InvalidTarget", $"The following targets are not in a running state and cannot be registered: '{string.Join("', '", missing)}'");
        foreach (var target in targets)
            Join(group, target.Text("Id")!, target.Int("Port"));
        return [];
    }

    private static Fields Deregister(Call call)
    {
        var group = Find(call, call.Input.Text("TargetGroupArn")!);
        foreach (var target in call.Input.List("Targets"))
            Leave(call.Cloud, group, target.Text("Id")!, target.Int("Port"));
        return [];
    }

    private static Fields Health(Call call)
    {
        var group = Find(call, call.Input.Text("TargetGroupArn")!);
        group.Targets.RemoveAll(target => target.DrainsUntil <= call.Now || call.Region.Instances.GetValueOrDefault(target.Id) is null or { State: InstanceState.Terminated });
        var asked = call.Input.List("Targets");
        var shown = asked.Count == 0
            ? group.Targets.Select(target => (target.Id, target.Port, Of(call, target)))
            : asked.Select(item =>
            {
                var (id, port) = (item.Text("Id")!, item.Int("Port") ?? group.Port);
                return (id, port, group.Targets.FirstOrDefault(target => target.Id == id && target.Port == port) is { } known
                    ? Of(call, known) : State("unused", "Target.NotRegistered", "Target is not registered to the target group"));
            });
        return new Fields
        {
            ["TargetHealthDescriptions"] = shown.Select(target => new Fields
            {
                ["Target"] = new Fields { ["Id"] = target.Item1, ["Port"] = target.Item2 },
                ["HealthCheckPort"] = group.Settings.Text("HealthCheckPort") is { } own and not "traffic-port" ? own : $"{target.Item2}",
                ["TargetHealth"] = target.Item3,
            }).ToList(),
        };
    }

    private static Fields Of(Call call, Target target) => (target.DrainsUntil, call.Region.Instances.GetValueOrDefault(target.Id)) switch
    {
        ({ }, _) => State("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"),
        (_, { State: InstanceState.Running, ChecksPassed: true }) => State("healthy", null, null),
        (_, { State: InstanceState.Running or InstanceState.Pending }) => State("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
        _ => State("unused", "Target.InvalidState", "Target is in the stopped or terminated state"),
    };

    private static Fields State(string state, string? reason, string? text) => new() { ["State"] = state, ["Reason"] = reason, ["Description"] = text };

    private static Fields One(TargetGroup group) => new()
    {
        ["TargetGroupArn"] = group.Id,
        ["TargetGroupName"] = group.Name,
        ["Protocol"] = group.Settings.Text("Protocol"),
        ["Port"] = group.Port,
        ["VpcId"] = group.Settings.Text("VpcId"),
        ["HealthCheckProtocol"] = group.Settings.Text("HealthCheckProtocol") ?? (group.Settings.Text("Protocol") is "HTTP" or "HTTPS" ? group.Settings.Text("Protocol") : "TCP"),
        ["HealthCheckPort"] = group.Settings.Text("HealthCheckPort") ?? "traffic-port",
        ["HealthCheckEnabled"] = true,
        ["HealthCheckIntervalSeconds"] = group.Settings.Int("HealthCheckIntervalSeconds") ?? 30,
        ["HealthCheckTimeoutSeconds"] = group.Settings.Int("HealthCheckTimeoutSeconds") ?? 5,
        ["HealthyThresholdCount"] = group.Settings.Int("HealthyThresholdCount") ?? 5,
        ["UnhealthyThresholdCount"] = group.Settings.Int("UnhealthyThresholdCount") ?? 2,
        ["HealthCheckPath"] = group.Settings.Text("HealthCheckPath"),
        ["LoadBalancerArns"] = Array.Empty<string>(),
        ["TargetType"] = "instance",
        ["IpAddressType"] = "ipv4",
    };
}
