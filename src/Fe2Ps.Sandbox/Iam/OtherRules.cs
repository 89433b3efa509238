using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>
/// The services beside EC2 and IAM. Sources: each one's "Actions, resources, and condition keys" in the service authorization reference;
/// "Amazon EC2 Auto Scaling API permissions" in its user guide; EFS's API reference for what mount targets need of EC2.
/// </summary>
internal static class OtherRules
{
    public static IReadOnlyDictionary<(string Service, string Operation), Action<Asking>> All { get; } = new Dictionary<(string, string), Action<Asking>>
    {
        // Whoever has keys may ask whose they are.
        [("sts", "GetCallerIdentity")] = _ => { },
        [("sts", "DecodeAuthorizationMessage")] = Anything,
        [("ssm", "GetParameter")] = asking => asking.Add(new Ask(asking.Action, $"arn:aws:ssm:{asking.Region}::parameter{asking.Input.Text("Name")}")),
        [("ssm", "GetParametersByPath")] = asking => asking.Add(new Ask(asking.Action, $"arn:aws:ssm:{asking.Region}::parameter{asking.Input.Text("Path")}")),
        [("pricing", "GetProducts")] = Anything,
        [("pricing", "GetAttributeValues")] = Anything,
        [("pricing", "DescribeServices")] = Anything,

        [("autoscaling", "DescribeAutoScalingGroups")] = Anything,
        [("autoscaling", "DescribeScalingActivities")] = Anything,
        [("autoscaling", "CreateAutoScalingGroup")] = asking =>
        {
            asking.Add(Group(asking, asking.Input.Text("AutoScalingGroupName")!) with { Given = Asking.Read(asking.Input.List("Tags")) });
            Launches(asking);
        },
        [("autoscaling", "UpdateAutoScalingGroup")] = asking =>
        {
            Group(asking);
            Launches(asking);
        },
        [("autoscaling", "DeleteAutoScalingGroup")] = Group,
        [("autoscaling", "SetDesiredCapacity")] = Group,
        [("autoscaling", "AttachLoadBalancerTargetGroups")] = Group,
        [("autoscaling", "DetachLoadBalancerTargetGroups")] = Group,
        [("autoscaling", "TerminateInstanceInAutoScalingGroup")] = asking => asking.Add(Group(
            asking,
            asking.Call.Region.ScalingGroups.Values.FirstOrDefault(group => group.Members.Exists(member => member.InstanceId == asking.Input.Text("InstanceId")))?.Name ?? "*")),

        [("elbv2", "DescribeTargetGroups")] = Anything,
        [("elbv2", "DescribeTargetHealth")] = Anything,
        [("elbv2", "RegisterTargets")] = Targets,
        [("elbv2", "DeregisterTargets")] = Targets,
        [("elbv2", "DeleteTargetGroup")] = Targets,
        [("elbv2", "CreateTargetGroup")] = asking => Makes(
            asking, $"arn:aws:elasticloadbalancing:{asking.Region}:{asking.Call.AccountId}:targetgroup/{asking.Input.Text("Name")}/*", "elasticloadbalancing:AddTags", null,
            Asking.Read(asking.Input.List("Tags"))),

        [("dlm", "GetLifecyclePolicies")] = Anything,
        [("dlm", "GetLifecyclePolicy")] = Backups,
        [("dlm", "UpdateLifecyclePolicy")] = Backups,
        [("dlm", "DeleteLifecyclePolicy")] = Backups,
        [("dlm", "CreateLifecyclePolicy")] = asking =>
        {
            var tags = (asking.Input.Struct("Tags") ?? []).ToDictionary(tag => tag.Key, tag => (string)tag.Value);
            Makes(asking, "*", "dlm:TagResource", Policy(asking, "*"), tags.Count == 0 ? null : tags);
            asking.Passes(asking.Input.Text("ExecutionRoleArn"), "dlm.amazonaws.com");
        },

        [("efs", "DescribeFileSystems")] = FileSystem,
        [("efs", "DescribeMountTargets")] = FileSystem,
        [("efs", "DeleteFileSystem")] = FileSystem,
        [("efs", "CreateFileSystem")] = asking => Makes(asking, "*", "elasticfilesystem:TagResource", FileSystemArn(asking, "*"), Asking.Read(asking.Input.List("Tags"))),
        [("efs", "CreateMountTarget")] = asking =>
        {
            FileSystem(asking);
            asking.Add(new Ask("ec2:DescribeSubnets", "*"));
            asking.Add(new Ask("ec2:DescribeNetworkInterfaces", "*"));
            asking.Add(new Ask("ec2:CreateNetworkInterface", asking.Arn("network-interface", "*")));
            asking.Add(asking.ById("ec2:CreateNetworkInterface", asking.Input.Text("SubnetId")!));
            foreach (var group in asking.Input.Strings("SecurityGroups"))
                asking.Add(asking.ById("ec2:CreateNetworkInterface", group));
        },
        [("efs", "DeleteMountTarget")] = asking =>
        {
            FileSystem(asking);
            if (asking.Call.Region.MountTargets.GetValueOrDefault(asking.Input.Text("MountTargetId") ?? "") is { } target)
                asking.Add(new Ask("ec2:DeleteNetworkInterface", asking.Arn("network-interface", target.NetworkInterfaceId)));
        },
    };

    private static void Anything(Asking asking) => asking.Anything();

    /// <summary>To make something, and to give it its tags.</summary>
    /// <param name="arn">What making is asked of.</param>
    /// <param name="tagged">What tagging is asked of; the same where null.</param>
    private static void Makes(Asking asking, string arn, string tagging, string? tagged, IReadOnlyDictionary<string, string>? tags)
    {
        asking.Add(new Ask(asking.Action, arn) { Given = tags });
        if (tags is null)
            return;
        var key = $"{tagging[..tagging.IndexOf(':', StringComparison.Ordinal)]}:CreateAction";
        asking.Add(new Ask(tagging, tagged ?? arn) { Given = tags, Keys = new Dictionary<string, string> { [key] = asking.Call.Operation.Name } });
    }

    private static Ask Group(Asking asking, string name)
    {
        var group = asking.Call.Region.ScalingGroups.GetValueOrDefault(name);
        return new Ask(asking.Action, group?.Id ?? $"arn:aws:autoscaling:{asking.Region}:{asking.Call.AccountId}:autoScalingGroup:*:autoScalingGroupName/{name}") { Tags = group?.Tags };
    }

    private static void Group(Asking asking) => asking.Add(Group(asking, asking.Input.Text("AutoScalingGroupName")!));

    // Whoever names a launch template must be allowed to launch what it describes.
    private static void Launches(Asking asking)
    {
        var input = asking.Input;
        if ((input.Struct("LaunchTemplate") ?? input.Struct("MixedInstancesPolicy")?.Struct("LaunchTemplate")?.Struct("LaunchTemplateSpecification")) is not { } template)
            return;
        foreach (var subnet in (input.Text("VPCZoneIdentifier") ?? "").Split(',', StringSplitOptions.TrimEntries).Take(1))
            LaunchAsks.Add(asking, new Fields { ["LaunchTemplate"] = template, ["SubnetId"] = subnet.Length > 0 ? subnet : null });
    }

    private static void Targets(Asking asking)
    {
        var arn = asking.Input.Text("TargetGroupArn")!;
        asking.Add(new Ask(asking.Action, arn) { Tags = asking.Call.Region.TargetGroups.GetValueOrDefault(arn)?.Tags });
    }

    private static string Policy(Asking asking, string id) => $"arn:aws:dlm:{asking.Region}:{asking.Call.AccountId}:policy/{id}";

    private static void Backups(Asking asking)
    {
        var id = asking.Input.Text("PolicyId")!;
        asking.Add(new Ask(asking.Action, Policy(asking, id)) { Tags = asking.Call.Region.Policies.GetValueOrDefault(id)?.Tags });
    }

    private static string FileSystemArn(Asking asking, string id) => $"arn:aws:elasticfilesystem:{asking.Region}:{asking.Call.AccountId}:file-system/{id}";

    // A mount target counts as its file system.
    private static void FileSystem(Asking asking)
    {
        RegionState region = asking.Call.Region;
        var id = asking.Input.Text("FileSystemId") ?? region.MountTargets.GetValueOrDefault(asking.Input.Text("MountTargetId") ?? "")?.FileSystemId;
        if (id is null)
            asking.Anything();
        else
            asking.Add(new Ask(asking.Action, FileSystemArn(asking, id)) { Tags = region.FileSystems.GetValueOrDefault(id)?.Tags });
    }
}
