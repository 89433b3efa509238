namespace Fe2Ps.Core.Backups;

/// <summary>Of what a backup's snapshots are.</summary>
public enum BackupKind
{
    /// <summary>Of volumes, whatever they are attached to.</summary>
    Volume,

    /// <summary>Of the volumes that instances have at that time, all of one instance at one moment.</summary>
    Instance,
}

/// <summary>Snapshots at their times, as many as are to be kept: one policy of the Data Lifecycle Manager.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PolicyId">The policy's id.</param>
/// <param name="Kind">Of what the snapshots are.</param>
/// <param name="Schedule">When they are taken, and how many are kept.</param>
public sealed record Backup(string Name, string PolicyId, BackupKind Kind, BackupSchedule Schedule)
{
    /// <summary><c>enabled</c>, <c>disabled</c> or <c>error</c>.</summary>
    public string State { get; init; } = "enabled";

    /// <summary>Why it is in the state <c>error</c>, or null.</summary>
    public string? Problem { get; init; }

    /// <summary>Hours between two snapshots.</summary>
    public int EveryHours => Schedule.Hours;

    /// <summary>How many snapshots of each volume are kept.</summary>
    public int Keep => Schedule.Keep;

    /// <summary>Whether the disks that the instances boot from are left out.</summary>
    public bool ExcludeRoot { get; init; }

    /// <summary>The volumes or instances, by name, or by id where one has none.</summary>
    public IReadOnlyList<string> Of { get; init; } = [];

    /// <summary>The same by id.</summary>
    public IReadOnlyList<string> ResourceIds { get; init; } = [];

    /// <summary>How many snapshots of it there are.</summary>
    public int Snapshots { get; init; }

    /// <summary>When the newest one was taken, or null: there is none yet.</summary>
    public DateTimeOffset? Last { get; init; }

    /// <summary>When the next one is due; AWS begins within the hour after it. Null where the policy does not run.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>Who made it, <c>user@computer</c>, or null.</summary>
    public string? Owner { get; init; }
}
