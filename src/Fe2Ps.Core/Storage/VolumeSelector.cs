using Amazon.EC2.Model;

namespace Fe2Ps.Core.Storage;

/// <summary>Which volumes are meant.</summary>
public sealed record VolumeSelector
{
    /// <summary>Names, names with wildcards (<c>*</c>, <c>?</c>, <c>[abc]</c>) or ids (<c>vol-...</c>); empty means all.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Only volumes of these instances, by id; empty means of any or none.</summary>
    public IReadOnlyList<string> InstanceIds { get; init; } = [];

    /// <summary>Only volumes that nothing uses.</summary>
    public bool Orphan { get; init; }

    /// <summary>The disks that instances boot from too. Those that are named by their ids come in any case.</summary>
    public bool IncludeRoot { get; init; }
}

/// <summary>What a selection found, and what it did not.</summary>
/// <param name="Volumes">The volumes, by name, then by age.</param>
/// <param name="Problems">One for each name or id that stands for nothing, or (where one was asked for) for several.</param>
public sealed record VolumeSelection(IReadOnlyList<Volume> Volumes, IReadOnlyList<Fe2Exception> Problems);

/// <summary>What a selection found, and what it did not.</summary>
/// <param name="Snapshots">The snapshots, by name, then the newest first.</param>
/// <param name="Problems">One for each name or id that stands for nothing, or (where one was asked for) for several.</param>
public sealed record SnapshotSelection(IReadOnlyList<Snapshot> Snapshots, IReadOnlyList<Fe2Exception> Problems);
