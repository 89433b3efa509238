using Amazon.EC2.Model;
using Fe2Ps.Core.Storage;

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

    /// <summary>Refuses what goes against the rest of the request and would be passed over.</summary>
    /// <exception cref="Fe2Exception"><c>ZoneWithInstance</c>, <c>NewNameWithReplace</c>, <c>ForceWithoutReplace</c>, <c>AtWithSnapshot</c>.</exception>
    internal void Check()
    {
        if (Zone is { } zone && Instance is not null)
            throw StorageErrors.ZoneWithInstance(zone);
        if (NewName is { } name && Replace)
            throw BackupErrors.Unused("NewNameWithReplace", $"-NewName {name} is for a volume beside the old one; with -Replace it takes the old one's name.", "Leave -NewName or -Replace out.", name);
        if (Force && !Replace)
            throw BackupErrors.Unused("ForceWithoutReplace", "-Force ends the processes that hold the volume that is replaced, and without -Replace none is.", "Add -Replace, or leave -Force out.", Volume);
        if (At is { } at && Snapshot is { } snapshot)
            throw BackupErrors.Unused("AtWithSnapshot", $"-At chooses among the snapshots of a volume, and the snapshot {snapshot} is given itself.", "Leave -At out, or name the volume.", at);
    }
}
