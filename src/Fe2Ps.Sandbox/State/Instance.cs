using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.State;

/// <summary>An instance's state, with EC2's own codes.</summary>
internal enum InstanceState
{
    Pending = 0,
    Running = 16,
    ShuttingDown = 32,
    Terminated = 48,
    Stopping = 64,
    Stopped = 80,
}

internal static class InstanceStates
{
    public static string Name(this InstanceState state) => state switch
    {
        InstanceState.Pending => "pending",
        InstanceState.Running => "running",
        InstanceState.ShuttingDown => "shutting-down",
        InstanceState.Terminated => "terminated",
        InstanceState.Stopping => "stopping",
        _ => "stopped",
    };
}

/// <summary>A notice that a spot instance will be interrupted.</summary>
/// <param name="Action">terminate, stop or hibernate.</param>
internal sealed record InterruptionNotice(string Action, DateTimeOffset Time);

internal sealed class Instance : Resource
{
    public required string ReservationId { get; init; }

    public int LaunchIndex { get; init; }

    public required string ImageId { get; init; }

    public required string Type { get; set; }

    public required string Architecture { get; init; }

    public string? KeyName { get; init; }

    public InstanceState State { get; set; }

    public string? ReasonCode { get; set; }

    public string? ReasonMessage { get; set; }

    /// <summary>For example <c>User initiated (2026-01-01 10:00:00 GMT)</c>.</summary>
    public string TransitionReason { get; set; } = "";

    public DateTimeOffset LaunchTime { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public DateTimeOffset VisibleAt { get; set; }

    public string? SubnetId { get; set; }

    public string? VpcId { get; set; }

    public required string Zone { get; init; }

    public string? PrivateIp { get; set; }

    public string? PublicIp { get; set; }

    public bool WantsPublicIp { get; init; } = true;

    public List<string> GroupIds { get; set; } = [];

    public required string RootDevice { get; init; }

    public string RootVolumeId { get; init; } = "";

    /// <summary>The volumes at this instance, root first.</summary>
    public List<string> VolumeIds { get; set; } = [];

    public string LoginUser { get; init; } = "ubuntu";

    /// <inheritdoc cref="Image.Systemd"/>
    public bool Systemd { get; init; }

    public string PlatformDetails { get; init; } = "Linux/UNIX";

    /// <summary>stop or terminate: what a shutdown from inside does.</summary>
    public string ShutdownBehavior { get; set; } = "stop";

    /// <summary>Base64, or null.</summary>
    public string? UserData { get; set; }

    public string HttpTokens { get; set; } = "optional";

    public string HttpEndpoint { get; set; } = "enabled";

    public int HopLimit { get; set; } = 1;

    public string MetadataTags { get; set; } = "disabled";

    public string? SpotRequestId { get; set; }

    public bool DisableApiTermination { get; set; }

    public bool DisableApiStop { get; set; }

    public bool EbsOptimized { get; set; }

    /// <summary>Whether it was made ready to hibernate.</summary>
    public bool Hibernates { get; init; }

    public bool SourceDestCheck { get; set; } = true;

    public bool Monitoring { get; init; }

    /// <summary>The instance profile whose role the instance has, and since when.</summary>
    public string? ProfileArn { get; set; }

    public DateTimeOffset ProfileSince { get; set; }

    public string ProfileAssociationId { get; set; } = "";

    public string ClientToken { get; init; } = "";

    public string NetworkInterfaceId { get; init; } = "";

    public string Mac { get; init; } = "";

    /// <summary>False for records that were only seeded: nothing runs behind them.</summary>
    public bool HasHost { get; init; } = true;

    /// <summary>Whether the status checks have passed since the start.</summary>
    public bool ChecksPassed { get; set; }

    public InterruptionNotice? Notice { get; set; }

    public DateTimeOffset? RebalanceAt { get; set; }

    /// <summary>When the present stretch of running began, for the cost.</summary>
    public DateTimeOffset? RunningSince { get; set; }

    /// <summary>Seconds of earlier stretches of running.</summary>
    public double BilledSeconds { get; set; }

    public bool IsSpot => SpotRequestId is not null;

    public bool IsAlive => State is not (InstanceState.ShuttingDown or InstanceState.Terminated);
}

internal sealed class SpotRequest : Resource
{
    /// <summary>open, active, closed, cancelled, failed, disabled.</summary>
    public string State { get; set; } = "open";

    public string StatusCode { get; set; } = "pending-evaluation";

    public string StatusMessage { get; set; } = "";

    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>one-time or persistent.</summary>
    public string Type { get; init; } = "one-time";

    /// <summary>Dollars per hour as the caller wrote it, else the on-demand price.</summary>
    public required string MaxPrice { get; init; }

    public string? InstanceId { get; set; }

    /// <summary>What RunInstances asked for, for the next instance of a persistent request.</summary>
    public Fields? Launch { get; init; }

    public string Interruption { get; init; } = "terminate";

    public DateTimeOffset? ValidUntil { get; init; }

    public required string ImageId { get; init; }

    public required string InstanceType { get; init; }

    public string? KeyName { get; init; }

    public string? SubnetId { get; init; }

    public required string Zone { get; set; }

    public List<string> GroupIds { get; init; } = [];
}
