using Amazon.EC2.Model;

namespace Fe2Ps.Core.Storage;

/// <summary>A volume to make.</summary>
public sealed record VolumeRequest
{
    /// <summary>The name; null takes the instance's, else the snapshot's, with a number behind it where that is taken.</summary>
    public string? Name { get; init; }

    /// <summary>GiB; null takes the snapshot's.</summary>
    public int? Size { get; init; }

    /// <summary>What to fill it with: a snapshot's name or id; null for a blank volume.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The running instance to mount it on, or null.</summary>
    public Instance? Instance { get; init; }

    /// <summary>The zone, where no instance says it; null takes the zone of the running instances, else the region's first.</summary>
    public string? Zone { get; init; }

    /// <summary>The volume type; null for <c>gp3</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Operations a second, for the types that sell them.</summary>
    public int? Iops { get; init; }

    /// <summary>MiB/s, for gp3.</summary>
    public int? Throughput { get; init; }

    /// <summary>Encrypted with the account's key; a volume of an encrypted snapshot always is.</summary>
    public bool Encrypted { get; init; } = true;

    /// <summary>Stays when the instance ends. Otherwise a volume that was made for an instance ends with it, and costs nothing from then on.</summary>
    public bool KeepOnTermination { get; init; }

    /// <summary>How to mount it.</summary>
    public MountRequest Mount { get; init; } = new();

    /// <summary>Further tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Refuses what nobody would use: how to mount a volume that nothing mounts, and a zone beside the instance's own.</summary>
    /// <param name="hasInstance">Whether it is made for an instance.</param>
    /// <exception cref="Fe2Exception"><c>MountPointWithoutInstance</c>, <c>FileSystemWithoutInstance</c>, <c>PersistWithoutInstance</c>, <c>ZoneWithInstance</c>.</exception>
    internal void Check(bool hasInstance)
    {
        if (hasInstance)
        {
            if (Zone is not null)
                throw StorageErrors.ZoneWithInstance(Zone);
            return;
        }

        if (Mount.MountPoint is { } point)
            throw StorageErrors.WithoutInstance("MountPoint", point);
        if (Mount.FileSystem is { } fileSystem)
            throw StorageErrors.WithoutInstance("FileSystem", fileSystem);
        if (Mount.Persist)
            throw StorageErrors.WithoutInstance("Persist", null);
    }
}
