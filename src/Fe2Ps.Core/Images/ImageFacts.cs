using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Images;

/// <summary>What people ask about an image, read from what EC2 says.</summary>
public static class ImageFacts
{
    /// <summary>The name that people use: the Name tag, else EC2's own name. EC2's is unique and can never be changed, so the two may differ.</summary>
    public static string NameOf(Image image) => TagOf(image, TagNames.Name) is { Length: > 0 } name ? name : image.Name ?? image.ImageId;

    /// <summary>A tag's value, or null.</summary>
    public static string? TagOf(Image image, string key) => image.Tags?.FirstOrDefault(t => t.Key == key)?.Value;

    /// <summary><c>pending</c>, <c>available</c>, <c>failed</c>, ...</summary>
    public static string StateOf(Image image) => image.State?.Value ?? "unknown";

    /// <summary>When it was made, or null where EC2 does not say.</summary>
    public static DateTimeOffset? CreatedAt(Image image) =>
        DateTimeOffset.TryParse(image.CreationDate, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    /// <summary><c>base (ami-0123)</c>.</summary>
    public static string Label(Image image) => NameOf(image) == image.ImageId ? image.ImageId : $"{NameOf(image)} ({image.ImageId})";

    /// <summary>Why EC2 could not make it, or null.</summary>
    public static string? ReasonOf(Image image) => image.StateReason?.Message is { Length: > 0 } why ? why : null;

    /// <summary>The snapshots that it is made of.</summary>
    public static IReadOnlyList<string> SnapshotIds(Image image) =>
        [.. image.BlockDeviceMappings?.Select(b => b.Ebs?.SnapshotId).OfType<string>().Where(id => id.Length > 0) ?? []];

    /// <summary>Whether a name, perhaps with wildcards, means this image.</summary>
    internal static bool IsCalled(Image image, string pattern) =>
        InstanceQuery.Matches(pattern, NameOf(image)) || InstanceQuery.Matches(pattern, image.Name);
}
