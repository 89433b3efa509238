namespace Fe2Ps.Core.Storage;

/// <summary>How a volume is to be mounted.</summary>
public sealed record MountRequest
{
    /// <summary>The file system of a blank volume where none is asked for.</summary>
    public const string UsualFileSystem = "ext4";

    /// <summary>The folder, absolute; null for where it was mounted last if that is free, else the first free one of <c>/mnt/fe2_disk</c>, <c>/mnt/fe2_disk2</c>, ...</summary>
    public string? MountPoint { get; init; }

    /// <summary><c>ext4</c> or <c>xfs</c>: what a blank volume is formatted with; null for ext4. A volume that is not blank keeps what it has.</summary>
    public string? FileSystem { get; init; }

    /// <summary>Writes a line into the machine's fstab, by UUID and with <c>nofail</c>, so that it is mounted at each start.</summary>
    public bool Persist { get; init; }

    /// <summary>Takes a volume of another zone there, through a snapshot.</summary>
    public bool Move { get; init; }

    /// <summary>What the instance's end does to the volume: true removes it, false keeps it; null leaves it as it is (EC2 keeps what was attached later).</summary>
    public bool? DeleteOnTermination { get; init; }

    /// <summary>The private key, or null for the one of the instance's key pair.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The login user, or null for the one that the instance's tags name.</summary>
    public string? User { get; init; }

    /// <summary>Refuses what no machine could do.</summary>
    /// <exception cref="Fe2Exception"><c>MountPointInvalid</c>, <c>FileSystemInvalid</c>.</exception>
    internal void Check()
    {
        if (MountPoint is { } point && (!point.StartsWith('/') || point.TrimEnd('/').Length == 0 || point.Contains('\n', StringComparison.Ordinal)
            || point.Split('/').Any(p => p is ".." or ".") || IsOfTheSystem(point.TrimEnd('/'))))
        {
            throw StorageErrors.Invalid("MountPoint", point, "it must be an absolute path that is not one of the system's own folders.", "For example /mnt/data, or /home/ubuntu/data.");
        }

        if (FileSystem is not (null or "ext4" or "xfs"))
            throw StorageErrors.Invalid("FileSystem", FileSystem, "a blank volume can be formatted with ext4 or xfs.", "Leave it out for ext4.");
    }

    private static bool IsOfTheSystem(string point) =>
        point is "/bin" or "/boot" or "/dev" or "/etc" or "/home" or "/lib" or "/lib64" or "/mnt" or "/proc" or "/root" or "/run" or "/sbin" or "/sys"
            or "/tmp" or "/usr" or "/var"
        || point.StartsWith("/proc/", StringComparison.Ordinal) || point.StartsWith("/sys/", StringComparison.Ordinal) || point.StartsWith("/dev/", StringComparison.Ordinal);
}
