using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Views;

/// <summary>What the views and the script properties of <c>Fe2Ps.Volume</c> show. Nothing here asks the network.</summary>
public static class VolumeView
{
    /// <summary>The name, or null.</summary>
    public static string? Name(Volume volume) => VolumeFacts.NameOf(volume);

    /// <summary>The state as text; the SDK's constants are objects.</summary>
    public static string State(Volume volume) => VolumeFacts.StateOf(volume);

    /// <summary>The id of the instance that has it, or null.</summary>
    public static string? AttachedTo(Volume volume) => VolumeFacts.InstanceOf(volume);

    /// <summary>Where it is mounted, as far as this module knows: null while nothing has it.</summary>
    public static string? MountPoint(Volume volume) => AttachedTo(volume) is null ? null : VolumeFacts.MountPointOf(volume);

    /// <summary>Since when it is.</summary>
    public static TimeSpan? Age(Volume volume) => volume.CreateTime is { } made ? Ages.Since(made) : null;

    /// <summary>An age in its two largest units.</summary>
    public static string AgeText(Volume volume) => Age(volume) is { } age ? Core.AgeText.Of(age) : "";

    /// <summary><c>20 GiB</c>.</summary>
    public static string SizeText(Volume volume) => string.Create(CultureInfo.InvariantCulture, $"{volume.Size} GiB");
}
