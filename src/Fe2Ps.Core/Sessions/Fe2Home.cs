namespace Fe2Ps.Core.Sessions;

/// <summary>
/// The folder for what is private to this computer: defaults, keys, known hosts, caches.
/// <c>FE2_HOME</c>, else <c>~/.fe2ps</c>. Nobody but the user may read it.
/// </summary>
public sealed class Fe2Home
{
    /// <summary>The folder that this environment asks for; nothing is made yet.</summary>
    public Fe2Home(Fe2Environment environment)
    {
        Path = System.IO.Path.GetFullPath(
            environment.Get("FE2_HOME") ?? System.IO.Path.Combine(environment.HomeFolder, ".fe2ps"));
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The full path of a file in it. Makes nothing.</summary>
    public string PathOf(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Makes the folder, or one below it, readable by the user alone, and returns its path.</summary>
    public string Ensure(params string[] parts)
    {
        Fe2Folder.EnsurePrivate(Path);
        string folder = PathOf(parts);
        if (parts.Length > 0)
            Fe2Folder.EnsurePrivate(folder);
        return folder;
    }

    /// <summary>The file's text, or null where there is none that can be read.</summary>
    public string? TryRead(params string[] parts)
    {
        try
        {
            return File.ReadAllText(PathOf(parts));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces a file as a whole, mode 0600: a reader sees the old text or the new one, never a half.</summary>
    public void Write(string text, params string[] parts)
    {
        string target = PathOf(parts);
        Ensure(parts[..^1]);
        string fresh = $"{target}.{Environment.ProcessId}.{Guid.NewGuid():N}.new";
        try
        {
            using (var stream = new StreamWriter(Fe2Folder.OpenPrivate(fresh, FileMode.CreateNew)))
                stream.Write(text);
            File.Move(fresh, target, overwrite: true);
        }
        finally
        {
            File.Delete(fresh);
        }
    }
}
