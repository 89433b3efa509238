using System.Globalization;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.FileSystems;

namespace Fe2Ps.Views;

/// <summary>What the views and the script properties of <c>Fe2Ps.FileSystem</c> show. Nothing here asks the network.</summary>
public static class FileSystemView
{
    /// <summary>The state as text; the SDK's constants are objects.</summary>
    public static string State(FileSystemDescription system) => FileSystemFacts.StateOf(system);

    /// <summary>What is in it, <c>1.5 GiB</c>: what EFS bills by.</summary>
    public static string SizeText(FileSystemDescription system) => (double)(system.SizeInBytes?.Value ?? 0) switch
    {
        >= 1024d * 1024 * 1024 and var size => string.Create(CultureInfo.InvariantCulture, $"{size / 1024 / 1024 / 1024:0.#} GiB"),
        >= 1024d * 1024 and var size => string.Create(CultureInfo.InvariantCulture, $"{size / 1024 / 1024:0.#} MiB"),
        var size => string.Create(CultureInfo.InvariantCulture, $"{size / 1024:0.#} KiB"),
    };

    /// <summary>Since when it is.</summary>
    public static TimeSpan? Age(FileSystemDescription system) => system.CreationTime is { } made ? Ages.Since(made) : null;

    /// <summary>An age in its two largest units.</summary>
    public static string AgeText(FileSystemDescription system) => Age(system) is { } age ? Core.AgeText.Of(age) : "";
}
