using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.State;

/// <summary>A Data Lifecycle Manager policy.</summary>
internal sealed class LifecyclePolicy : Resource
{
    public required string Description { get; set; }

    public required string RoleArn { get; set; }

    /// <summary>ENABLED or DISABLED.</summary>
    public required string State { get; set; }

    /// <summary>By the model's names.</summary>
    public required Fields Details { get; set; }

    public DateTimeOffset ModifiedAt { get; set; }
}

/// <summary>An EFS file system. It is a record: nothing mounts it here.</summary>
internal sealed class SharedFileSystem : Resource
{
    /// <summary>What it was made with, by the model's names.</summary>
    public required Fields Settings { get; init; }

    /// <summary>creating, available.</summary>
    public string State { get; set; } = "creating";

    /// <summary>Its metered size. An empty one has 6 KiB.</summary>
    public long Bytes { get; set; } = 6144;
}

/// <summary>Where a zone's instances reach an EFS file system.</summary>
internal sealed class MountTarget : Resource
{
    public required string FileSystemId { get; init; }

    public required string SubnetId { get; init; }

    public required string PrivateIp { get; init; }

    public required string NetworkInterfaceId { get; init; }

    /// <summary>creating, available.</summary>
    public string State { get; set; } = "creating";
}
