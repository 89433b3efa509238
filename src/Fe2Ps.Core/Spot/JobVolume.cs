namespace Fe2Ps.Core.Spot;

/// <summary>A data volume of a job: one that its machine has mounted beside the disk that it boots from, and that follows the job.</summary>
/// <param name="Key">What it is called for as long as the job lives, whatever volume stands for it: the first one's id.</param>
/// <param name="VolumeId">The volume that stands for it now.</param>
/// <param name="Zone">The volume's availability zone.</param>
/// <param name="MountPoint">Where the script expects it.</param>
/// <param name="FileSystem">Its file system.</param>
public sealed record JobVolume(string Key, string VolumeId, string Zone, string MountPoint, string FileSystem)
{
    /// <summary>The name, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Whether each start of the machine mounts it.</summary>
    public bool Persists { get; init; }

    /// <summary>Whether it would have ended with its machine before the job held it.</summary>
    public bool EndsWithMachine { get; init; }
}
