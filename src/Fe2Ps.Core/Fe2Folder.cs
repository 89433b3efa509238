namespace Fe2Ps.Core;

/// <summary>
/// The folder that holds what is private to this computer: keys, known hosts, sockets, caches.
/// It is <c>FE2_HOME</c>, else <c>~/.fe2ps</c>; only its owner can look inside.
/// </summary>
public static class Fe2Folder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The folder's path, without a promise that it exists.</summary>
    public static string DefaultPath
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("FE2_HOME");
            return string.IsNullOrEmpty(home)
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".fe2ps")
                : Path.GetFullPath(home);
        }
    }

    /// <summary>Makes a folder that only its owner can use, and returns its path. A folder of somebody else is refused.</summary>
    /// <exception cref="UnauthorizedAccessException">The folder belongs to somebody else.</exception>
    public static string EnsurePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return path;
        }

        const UnixFileMode mode = OwnerOnly | UnixFileMode.UserExecute;
        Directory.CreateDirectory(path, mode);
        // Changing the mode fails on a folder that another user made first: exactly what must not be trusted.
        if (File.GetUnixFileMode(path) != mode)
            File.SetUnixFileMode(path, mode);
        return path;
    }

    /// <summary>Opens a file for writing that only its owner can read.</summary>
    public static FileStream OpenPrivate(string path, FileMode mode, FileShare share = FileShare.Read)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }
}
