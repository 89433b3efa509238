using Amazon.ElasticFileSystem.Model;

namespace Fe2Ps.Core.FileSystems;

/// <summary>What people ask about a shared file system, read from what EFS says.</summary>
public static class FileSystemFacts
{
    /// <summary>The tag on the security group of a file system: the file system's id.</summary>
    internal const string FileSystemTag = "fe2:filesystem";

    /// <summary>True for text that is a file system's id.</summary>
    public static bool IsId(string text) => text.StartsWith("fs-", StringComparison.Ordinal);

    /// <summary>The name, or null.</summary>
    public static string? NameOf(FileSystemDescription system) => string.IsNullOrEmpty(system.Name) ? null : system.Name;

    /// <summary>The state's name: <c>creating</c>, <c>available</c>, <c>deleting</c>, ...</summary>
    public static string StateOf(FileSystemDescription system) => system.LifeCycleState?.Value ?? "unknown";

    /// <summary><c>shared (fs-0123)</c>, or the id alone.</summary>
    public static string Label(FileSystemDescription system) => NameOf(system) is { } name ? $"{name} ({system.FileSystemId})" : system.FileSystemId;

    /// <summary>Where it is mounted unless told otherwise: under its name where that makes a plain path, else under its id.</summary>
    public static string UsualPoint(FileSystemDescription system) =>
        NameOf(system) is { } name && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || "._-".Contains(c, StringComparison.Ordinal))
            ? $"/mnt/{name}" : $"/mnt/{system.FileSystemId}";
}
