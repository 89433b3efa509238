using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Images;

namespace Fe2Ps.Views;

/// <summary>What the views and the script properties of <c>Fe2Ps.Image</c> show. Nothing here asks the network.</summary>
public static class ImageView
{
    /// <summary>The name that people use: the Name tag, else EC2's own name.</summary>
    public static string Name(Image image) => ImageFacts.NameOf(image);

    /// <summary>The name, as far as the window has room for it beside the other columns; its last part, where it is a path.</summary>
    public static string? Name(Image image, int width)
    {
        const int Others = 63;
        string name = Name(image);
        return width > 0 && name.Length > width - Others ? Cell.Rest(name[(name.LastIndexOf('/') + 1)..], width, Others, 10) : name;
    }

    /// <summary>The state; one that is pending says how far it is, where that is known.</summary>
    public static string StateText(Image image, object? progress) =>
        ImageFacts.StateOf(image) is var state && state == "pending" && progress is not null
            ? string.Create(CultureInfo.InvariantCulture, $"{state} {progress}%") : state;

    /// <summary>How long ago it was made, or null.</summary>
    public static TimeSpan? Age(Image image) =>
        ImageFacts.CreatedAt(image) is { } made ? DateTimeOffset.UtcNow - made is var age && age < TimeSpan.Zero ? TimeSpan.Zero : age : null;

    /// <summary>An age in its two largest units.</summary>
    public static string AgeText(Image image) => Age(image) is { } age ? Core.AgeText.Of(age) : "";

    /// <summary>The root disk, and how many others.</summary>
    public static string DiskText(Image image)
    {
        int? root = image.BlockDeviceMappings?.FirstOrDefault(b => b.DeviceName == image.RootDeviceName)?.Ebs?.VolumeSize;
        int others = image.BlockDeviceMappings?.Count(b => b.Ebs is not null && b.DeviceName != image.RootDeviceName) ?? 0;
        string disk = root is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{root} GiB");
        return others == 0 ? disk : string.Create(CultureInfo.InvariantCulture, $"{disk} +{others}");
    }

    /// <summary>Why EC2 could not make it.</summary>
    public static string? Reason(Image image) => ImageFacts.ReasonOf(image);

    /// <summary>The snapshots that it is made of.</summary>
    public static string[] Snapshots(Image image) => [.. ImageFacts.SnapshotIds(image)];
}
