using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>
/// What a launch asks for: it makes instances, volumes and network interfaces, of an image, in a subnet, with groups and a key. Sources: the
/// service authorization reference; "Launch instances (RunInstances)" and "Work with Spot Instances" among EC2's example policies.
/// </summary>
internal static class LaunchAsks
{
    public const string Action = "ec2:RunInstances";

    /// <summary>Adds what a launch asks for that has the members of RunInstances, and perhaps a template.</summary>
    public static void Add(Asking asking, Fields request)
    {
        var template = Template(asking, request.Struct("LaunchTemplate"));
        var input = template is null ? request : LaunchTemplates.Filled(request, template);
        void On(string kind, string? id)
        {
            if (id is not null)
                asking.Add(asking.Existing(Action, kind, id));
        }

        var market = input.Struct("InstanceMarketOptions")?.Text("MarketType") ?? "on-demand";
        var keys = new Dictionary<string, string> { ["ec2:InstanceType"] = input.Text("InstanceType") ?? "t2.micro", ["ec2:InstanceMarketType"] = market };
        asking.Makes("instance", input, Action, keys);
        asking.Makes("volume", input, Action);
        asking.Makes("network-interface", input, Action);

        // EC2 looks at the request for a spot instance only where it gets tags.
        if (market == "spot" && Asking.TagsFor(input, "spot-instances-request") is not null)
            asking.Makes("spot-instances-request", input, Action);
        var nic = input.List("NetworkInterfaces").FirstOrDefault();
        On("image", input.Text("ImageId"));
        On("subnet", nic?.Text("SubnetId") ?? input.Text("SubnetId"));
        On("key-pair", input.Text("KeyName"));
        On("launch-template", template?.Id);
        foreach (var snapshot in input.List("BlockDeviceMappings"))
            On("snapshot", snapshot.Struct("Ebs")?.Text("SnapshotId"));
        var groups = (nic is null ? input.Strings("SecurityGroupIds").Concat(input.Strings("SecurityGroups")) : nic.Strings("Groups")).ToList();
        foreach (var group in groups.Count > 0 ? groups : ["default"])
            On("security-group", group);
        asking.PassesProfile(input.Struct("IamInstanceProfile"));
    }

    // One that there is not has no rights to ask for: the operation says what is wrong with it.
    private static LaunchTemplate? Template(Asking asking, Fields? specification)
    {
        try
        {
            return specification is null ? null : LaunchTemplates.Of(asking.Call, specification);
        }
        catch (ApiException)
        {
            return null;
        }
    }
}
