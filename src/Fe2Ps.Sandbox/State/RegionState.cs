using System.Text.Json.Serialization;

namespace Fe2Ps.Sandbox.State;

/// <summary>Everything that one region holds.</summary>
internal sealed class RegionState
{
    public required string Name { get; init; }

    public required Vpc Vpc { get; init; }

    public List<Subnet> Subnets { get; init; } = [];

    public Dictionary<string, SecurityGroup> Groups { get; init; } = [];

    public Dictionary<string, KeyPair> KeyPairs { get; init; } = [];

    public Dictionary<string, Instance> Instances { get; init; } = [];

    public Dictionary<string, Volume> Volumes { get; init; } = [];

    public Dictionary<string, Snapshot> Snapshots { get; init; } = [];

    public Dictionary<string, Image> Images { get; init; } = [];

    public Dictionary<string, SpotRequest> SpotRequests { get; init; } = [];

    public Dictionary<string, LaunchTemplate> LaunchTemplates { get; init; } = [];

    public Dictionary<string, Address> Addresses { get; init; } = [];

    /// <summary>Auto Scaling groups by name.</summary>
    public Dictionary<string, ScalingGroup> ScalingGroups { get; init; } = [];

    /// <summary>Target groups by ARN.</summary>
    public Dictionary<string, TargetGroup> TargetGroups { get; init; } = [];

    /// <summary>Data Lifecycle Manager's policies.</summary>
    public Dictionary<string, LifecyclePolicy> Policies { get; init; } = [];

    /// <summary>EFS's file systems.</summary>
    public Dictionary<string, SharedFileSystem> FileSystems { get; init; } = [];

    /// <summary>EFS's mount targets.</summary>
    public Dictionary<string, MountTarget> MountTargets { get; init; } = [];

    public List<TokenUse> Tokens { get; init; } = [];

    /// <summary>How often the spot price of a type changes, where that was seeded.</summary>
    public Dictionary<string, int> SpotChangesADay { get; init; } = [];

    /// <summary>Every resource that can carry tags, with EC2's word for its kind.</summary>
    [JsonIgnore]
    public IEnumerable<(string Kind, Resource Resource)> Tagged =>
        Instances.Values.Select(item => ("instance", (Resource)item))
            .Concat(Volumes.Values.Select(item => ("volume", (Resource)item)))
            .Concat(Snapshots.Values.Select(item => ("snapshot", (Resource)item)))
            .Concat(Images.Values.Select(item => ("image", (Resource)item)))
            .Concat(SpotRequests.Values.Select(item => ("spot-instances-request", (Resource)item)))
            .Concat(Groups.Values.Select(item => ("security-group", (Resource)item)))
            .Concat(Groups.Values.SelectMany(group => group.Rules).Select(item => ("security-group-rule", (Resource)item)))
            .Concat(KeyPairs.Values.Select(item => ("key-pair", (Resource)item)))
            .Concat(LaunchTemplates.Values.Select(item => ("launch-template", (Resource)item)))
            .Concat(Addresses.Values.Select(item => ("elastic-ip", (Resource)item)))
            .Concat(Subnets.Select(item => ("subnet", (Resource)item)))
            .Append(("vpc", Vpc));

    /// <summary>Finds what can carry tags by its id, or null.</summary>
    public Resource? Find(string id) => id switch
    {
        _ when Instances.TryGetValue(id, out var found) => found,
        _ when Volumes.TryGetValue(id, out var found) => found,
        _ when Snapshots.TryGetValue(id, out var found) => found,
        _ when Images.TryGetValue(id, out var found) => found,
        _ when SpotRequests.TryGetValue(id, out var found) => found,
        _ when Groups.TryGetValue(id, out var found) => found,
        _ => Tagged.Select(pair => pair.Resource).FirstOrDefault(resource => resource.Id == id),
    };
}

/// <summary>Everything that the sandbox remembers over a restart.</summary>
internal sealed class SandboxState
{
    public string AccountId { get; init; } = "123456789012";

    public Dictionary<string, RegionState> Regions { get; init; } = [];

    /// <summary>IAM's roles by name; they belong to no region.</summary>
    public Dictionary<string, Role> Roles { get; init; } = new(StringComparer.Ordinal);

    /// <summary>IAM's instance profiles by name.</summary>
    public Dictionary<string, InstanceProfile> Profiles { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The users with policies, by name.</summary>
    public Dictionary<string, User> Users { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Whose access key it is, or null.</summary>
    public User? UserOf(string accessKey) => Users.Values.FirstOrDefault(user => user.AccessKey == accessKey);
}
