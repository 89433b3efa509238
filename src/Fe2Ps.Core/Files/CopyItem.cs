namespace Fe2Ps.Core.Files;

/// <summary>A file or a folder that is to be copied, on whichever end.</summary>
/// <param name="Folder">The folder that holds it.</param>
/// <param name="Name">Its name there; an empty text stands for all that is in the folder.</param>
/// <param name="IsFolder">True for a folder, and for a link to one.</param>
/// <param name="IsLink">True for a link; one that is named stands for what it leads to.</param>
public sealed record CopyItem(string Folder, string Name, bool IsFolder, bool IsLink)
{
    /// <summary>The path, for messages.</summary>
    public string Path => Name.Length == 0 ? Folder : Folder.Length == 0 ? Name : Folder.TrimEnd('/') + "/" + Name;

    /// <summary>An item of this computer.</summary>
    /// <exception cref="Fe2Exception"><c>FileNotFound</c>.</exception>
    public static CopyItem Here(string fullPath)
    {
        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(fullPath));
        var isFolder = Directory.Exists(path);
        if (!isFolder && !File.Exists(path))
            throw Ssh.SshErrors.LocalFileMissing(fullPath);
        return new CopyItem(
            System.IO.Path.GetDirectoryName(path) ?? path, System.IO.Path.GetFileName(path), isFolder, new FileInfo(path).LinkTarget is not null);
    }
}

/// <summary>What stands at the destination before the copy.</summary>
public enum CopyTarget
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A folder that an earlier run of this very copy has begun to fill.</summary>
    Unfinished,
}
