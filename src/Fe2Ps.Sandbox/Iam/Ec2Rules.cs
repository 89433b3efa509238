namespace Fe2Ps.Sandbox.Iam;

/// <summary>EC2's operations. Source: "Actions, resources, and condition keys for Amazon EC2" in the service authorization reference.</summary>
internal static class Ec2Rules
{
    // Most of what describes can be limited to no resource.
    private static readonly string[] s_anything =
    [
        "DescribeAddresses", "DescribeAvailabilityZones", "DescribeIamInstanceProfileAssociations", "DescribeImages", "DescribeInstances", "DescribeInstanceStatus",
        "DescribeInstanceTypeOfferings", "DescribeInstanceTypes", "DescribeKeyPairs", "DescribeLaunchTemplates", "DescribeLaunchTemplateVersions", "DescribeRegions",
        "DescribeSecurityGroups", "DescribeSnapshots", "DescribeSpotInstanceRequests", "DescribeSpotPriceHistory", "DescribeSubnets", "DescribeTags", "DescribeVolumes",
        "DescribeVolumesModifications", "DescribeVpcs", "GetSpotPlacementScores",
    ];

    private static readonly Dictionary<string, Action<Asking>> s_own = new(StringComparer.Ordinal)
    {
        ["RunInstances"] = asking => LaunchAsks.Add(asking, asking.Input),
        ["CreateFleet"] = Fleet,
        ["StartInstances"] = Instances,
        ["StopInstances"] = Instances,
        ["RebootInstances"] = Instances,
        ["TerminateInstances"] = Instances,
        ["GetConsoleOutput"] = Instance,
        ["DescribeInstanceAttribute"] = Instance,
        ["ModifyInstanceAttribute"] = asking =>
        {
            Instance(asking);
            asking.On("security-group", asking.Input.Strings("Groups"));
            asking.On("volume", asking.Input.List("BlockDeviceMappings").Select(mapping => mapping.Struct("Ebs")?.Text("VolumeId")));
        },
        ["AssociateIamInstanceProfile"] = asking =>
        {
            Instance(asking);
            asking.PassesProfile(asking.Input.Struct("IamInstanceProfile"));
        },
        ["DisassociateIamInstanceProfile"] = asking => asking.On(
            "instance",
            asking.Call.Region.Instances.Values.FirstOrDefault(item => item.ProfileArn is not null && item.ProfileAssociationId == asking.Input.Text("AssociationId"))?.Id ?? "*"),
        ["CancelSpotInstanceRequests"] = asking => asking.On("spot-instances-request", asking.Input.Strings("SpotInstanceRequestIds")),
        ["CreateVolume"] = asking =>
        {
            asking.Makes("volume");
            asking.On("snapshot", asking.Input.Text("SnapshotId"));
        },
        ["AttachVolume"] = asking =>
        {
            Instance(asking);
            Volume(asking);
        },
        ["DetachVolume"] = asking =>
        {
            Instance(asking);
            Volume(asking);
        },
        ["DeleteVolume"] = Volume,
        ["ModifyVolume"] = Volume,
        ["CreateSnapshot"] = asking =>
        {
            asking.Makes("snapshot");
            Volume(asking);
        },
        ["CreateSnapshots"] = asking =>
        {
            var id = asking.Input.Struct("InstanceSpecification")?.Text("InstanceId");
            asking.Makes("snapshot");
            asking.On("instance", id);
            asking.On("volume", asking.Call.Region.Instances.GetValueOrDefault(id ?? "")?.VolumeIds ?? []);
        },
        ["DeleteSnapshot"] = asking => asking.On("snapshot", asking.Input.Text("SnapshotId")),
        ["CreateImage"] = asking =>
        {
            asking.Makes("image");
            asking.Makes("snapshot");
            Instance(asking);
        },
        ["DeregisterImage"] = asking => asking.On("image", asking.Input.Text("ImageId")),
        ["CreateSecurityGroup"] = asking =>
        {
            asking.Makes("security-group");
            asking.On("vpc", asking.Input.Text("VpcId") ?? asking.Call.Region.Vpc.Id);
        },
        ["DeleteSecurityGroup"] = Group,
        ["AuthorizeSecurityGroupIngress"] = asking =>
        {
            Group(asking);
            if (Asking.TagsFor(asking.Input, "security-group-rule") is not null)
                asking.Makes("security-group-rule");
        },
        ["RevokeSecurityGroupIngress"] = Group,
        ["ImportKeyPair"] = asking => asking.Makes("key-pair"),
        ["CreateKeyPair"] = asking => asking.Makes("key-pair"),
        ["DeleteKeyPair"] = asking => asking.On("key-pair", asking.Input.Text("KeyPairId") ?? asking.Input.Text("KeyName")),
        ["CreateLaunchTemplate"] = asking => asking.Makes("launch-template"),
        ["DeleteLaunchTemplate"] = asking => asking.On("launch-template", asking.Input.Text("LaunchTemplateId") ?? asking.Input.Text("LaunchTemplateName")),
        ["AllocateAddress"] = asking => asking.Makes("elastic-ip"),
        ["ReleaseAddress"] = asking => asking.On("elastic-ip", asking.Input.Text("AllocationId")),
        ["CreateTags"] = Tags,
        ["DeleteTags"] = Tags,
    };

    public static IReadOnlyDictionary<string, Action<Asking>> All { get; } = s_own
        .Concat(s_anything.Select(name => KeyValuePair.Create<string, Action<Asking>>(name, asking => asking.Anything())))
        .ToDictionary();

    private static void Instances(Asking asking) => asking.On("instance", asking.Input.Strings("InstanceIds"));

    private static void Instance(Asking asking) => asking.On("instance", asking.Input.Text("InstanceId"));

    private static void Volume(Asking asking) => asking.On("volume", asking.Input.Text("VolumeId"));

    private static void Group(Asking asking) => asking.On("security-group", asking.Input.Text("GroupId") ?? asking.Input.Text("GroupName"));

    private static void Tags(Asking asking)
    {
        var given = Asking.Read(asking.Input.List("Tags"));
        foreach (var id in asking.Input.Strings("Resources"))
            asking.Add(asking.ById(asking.Action, id) with { Given = given });
    }

    private static void Fleet(Asking asking)
    {
        asking.Makes("fleet");
        asking.Makes("instance");
        asking.Makes("volume");
        foreach (var template in asking.Input.List("LaunchTemplateConfigs").Select(item => item.Struct("LaunchTemplateSpecification")))
            asking.On("launch-template", template?.Text("LaunchTemplateId") ?? template?.Text("LaunchTemplateName"));
    }
}
