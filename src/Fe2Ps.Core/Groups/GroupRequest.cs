using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Groups;

/// <summary>What takes a machine's health to be lost, by the names of EC2 Auto Scaling.</summary>
public enum GroupHealthCheck
{
    /// <summary>EC2's own checks: the machine runs and answers its host.</summary>
    EC2,

    /// <summary>The load balancer's checks as well: a machine that its target group finds unhealthy is replaced.</summary>
    ELB,
}

/// <summary>A group of machines that is kept at a number.</summary>
public sealed record GroupRequest
{
    /// <summary>What each machine is; its name is the group's, and its count, type and spot are not looked at.</summary>
    public required LaunchRequest Machine { get; init; }

    /// <summary>The types to choose from, the preferred one first; as for a machine of its own when empty.</summary>
    public IReadOnlyList<string> InstanceTypes { get; init; } = [];

    /// <summary>The least number, 0 to 1000.</summary>
    public int Min { get; init; } = 1;

    /// <summary>The number to keep; the least one, where it is not given.</summary>
    public int? Desired { get; init; }

    /// <summary>The largest number; the one to keep, where it is not given.</summary>
    public int? Max { get; init; }

    /// <summary>How many of a hundred machines above the base are spot, 0 to 100.</summary>
    public int SpotPercent { get; init; }

    /// <summary>How many machines are on-demand before the share of spot counts.</summary>
    public int OnDemandBase { get; init; }

    /// <summary>The target group of a load balancer, by name or ARN, in which the machines are registered.</summary>
    public string? TargetGroup { get; init; }

    /// <summary>Whose word about a machine's health counts.</summary>
    public GroupHealthCheck HealthCheck { get; init; }

    /// <summary>True to return as soon as the group is made.</summary>
    public bool NoWait { get; init; }

    /// <summary>True to keep a group that did not come up; otherwise everything that was made for it is removed.</summary>
    public bool KeepOnFailure { get; init; }

    /// <summary>How long the machines may need until ssh works on them.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>What is to be different; null is left as it is.</summary>
public sealed record GroupChange
{
    /// <summary>The least number.</summary>
    public int? Min { get; init; }

    /// <summary>The number to keep.</summary>
    public int? Desired { get; init; }

    /// <summary>The largest number.</summary>
    public int? Max { get; init; }

    /// <summary>How many of a hundred machines above the base are spot.</summary>
    public int? SpotPercent { get; init; }

    /// <summary>How many machines are on-demand before the share of spot counts.</summary>
    public int? OnDemandBase { get; init; }

    /// <summary>The types to choose from.</summary>
    public IReadOnlyList<string>? InstanceTypes { get; init; }

    /// <summary>The image of machines from now on, by name or id; those that run are replaced one after another.</summary>
    public string? Image { get; init; }

    /// <summary>True where nothing is to be different.</summary>
    public bool IsEmpty => this == new GroupChange();

    /// <summary>True where new machines would be chosen in another way.</summary>
    internal bool IsPolicy => SpotPercent is not null || OnDemandBase is not null || InstanceTypes is not null;
}
