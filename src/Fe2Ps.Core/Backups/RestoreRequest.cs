using Amazon.EC2.Model;

namespace Fe2Ps.Core.Backups;

/// <summary>What to restore, and where to.</summary>
/// <param name="Volume">The volume's name or id. It may be gone; its snapshots know its name.</param>
public sealed record RestoreRequest(string Volume)
{
    /// <summary>The id or name of the snapshot itself, or null: the newest one of the volume.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The newest one that is not later than this, or null.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The running instance to mount it on; null for the one that has the volume now.</summary>
    public Instance? Instance { get; init; }

    /// <summary>The folder, absolute; null for the volume's own when it is replaced, else the first free one.</summary>
    public string? MountPoint { get; init; }

    /// <summary>Takes the place and the name of the volume, which is dismounted, renamed and kept.</summary>
    public bool Replace { get; init; }

    /// <summary>Ends the processes that hold the volume that is replaced.</summary>
    public bool Force { get; init; }

    /// <summary>The new volume's name, where it stands beside the old one; null for <c>NAME-restored</c>.</summary>
    public string? NewName { get; init; }

    /// <summary>The zone, where no instance and no volume says it.</summary>
    public string? Zone { get; init; }

    /// <summary>The private key, or null for the one of the instance's key pair.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The login user, or null for the one that the instance's tags name.</summary>
    public string? User { get; init; }
}
