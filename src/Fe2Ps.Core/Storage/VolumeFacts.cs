using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Storage;

/// <summary>What people ask about a volume, read from what EC2 says.</summary>
public static class VolumeFacts
{
    /// <summary>The name, or null for a volume without one.</summary>
    public static string? NameOf(Volume volume) => TagOf(volume, TagNames.Name);

    /// <summary>A tag's value, or null.</summary>
    public static string? TagOf(Volume volume, string key) => volume.Tags?.FirstOrDefault(t => t.Key == key)?.Value is { Length: > 0 } value ? value : null;

    /// <summary>The state's name: <c>creating</c>, <c>available</c>, <c>in-use</c>, <c>deleting</c>, <c>error</c>.</summary>
    public static string StateOf(Volume volume) => volume.State?.Value ?? "unknown";

    /// <summary>The attachment, or null for a volume that is attached to nothing.</summary>
    public static VolumeAttachment? AttachmentOf(Volume volume) => volume.Attachments?.FirstOrDefault(a => a.State?.Value != "detached");

    /// <summary>The instance that has it, or null.</summary>
    public static string? InstanceOf(Volume volume) => AttachmentOf(volume)?.InstanceId;

    /// <summary>
    /// True for the disk that an instance boots from, which is part of the instance. Source of the names: "Device names for volumes on Amazon EC2
    /// instances" in the EC2 user guide, "reserved for root".
    /// </summary>
    public static bool IsRoot(Volume volume) => AttachmentOf(volume)?.Device is "/dev/sda1" or "/dev/xvda" or "/dev/sda";

    /// <summary>Where it was mounted last, or null.</summary>
    public static string? MountPointOf(Volume volume) => TagOf(volume, TagNames.MountPoint);

    /// <summary>True where it costs money and nothing uses it.</summary>
    public static bool IsOrphan(Volume volume) => StateOf(volume) is "available" or "error";

    /// <summary><c>data (vol-0123)</c>, or the id alone.</summary>
    public static string Label(Volume volume) => NameOf(volume) is { } name ? $"{name} ({volume.VolumeId})" : volume.VolumeId;
}
