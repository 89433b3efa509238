using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.State;

/// <summary>An instance's place in an Auto Scaling group.</summary>
internal sealed class ScalingMember
{
    public required string InstanceId { get; init; }

    /// <summary>Pending, InService, Terminating.</summary>
    public string State { get; set; } = "Pending";

    public bool Protected { get; init; }
}

/// <summary>One thing that an Auto Scaling group did, or could not do.</summary>
internal sealed class ScalingActivity
{
    public required string Id { get; init; }

    public required string Description { get; init; }

    public required string Cause { get; init; }

    public required DateTimeOffset Start { get; init; }

    public DateTimeOffset? End { get; set; }

    /// <summary>InProgress, Successful, Failed.</summary>
    public string Status { get; set; } = "InProgress";

    public string? Message { get; set; }

    public string InstanceId { get; init; } = "";
}

/// <summary>An Auto Scaling group.</summary>
internal sealed class ScalingGroup : Resource
{
    public required string Name { get; init; }

    /// <summary>What it was made and changed with, by the model's names.</summary>
    public required Fields Settings { get; set; }

    public int Least { get; set; }

    public int Most { get; set; }

    public int Desired { get; set; }

    /// <summary>The tags that new instances get too.</summary>
    public HashSet<string> Propagated { get; init; } = [];

    public List<string> TargetGroupArns { get; init; } = [];

    public List<ScalingMember> Members { get; init; } = [];

    /// <summary>Newest last.</summary>
    public List<ScalingActivity> Activities { get; init; } = [];

    public bool Deleting { get; set; }

    /// <summary>After a launch that failed: when it is tried again.</summary>
    public DateTimeOffset NextLaunch { get; set; }
}

/// <summary>An instance in a target group, at one port.</summary>
internal sealed class Target
{
    public required string Id { get; init; }

    public required int Port { get; init; }

    /// <summary>Set once it is deregistered: until then its open connections may end.</summary>
    public DateTimeOffset? DrainsUntil { get; set; }
}

/// <summary>A target group of a load balancer.</summary>
internal sealed class TargetGroup : Resource
{
    public required string Name { get; init; }

    /// <summary>What it was made with, by the model's names.</summary>
    public required Fields Settings { get; init; }

    public required int Port { get; init; }

    public List<Target> Targets { get; init; } = [];
}
