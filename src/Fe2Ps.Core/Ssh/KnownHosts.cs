namespace Fe2Ps.Core.Ssh;

/// <summary>
/// The host keys that this computer has pinned, one per instance id. An address says nothing about who answers there:
/// AWS gives it to somebody else tomorrow. ssh itself reads this file and never writes it.
/// </summary>
public sealed class KnownHosts(string folder)
{
    private static readonly object InProcess = new();

    /// <summary>The file's path.</summary>
    public string FilePath { get; } = Path.Combine(folder, "known_hosts");

    /// <summary>The pinned key of an instance, or null.</summary>
    public HostKey? Find(string instanceId)
    {
        if (!File.Exists(FilePath))
            return null;
        foreach (var line in File.ReadLines(FilePath))
        {
            var key = HostKey.FromKnownHosts(line, out var names);
            if (key is not null && names == instanceId)
                return key;
        }

        return null;
    }

    /// <summary>Pins a key unless one is pinned already, and returns the one that counts: the first.</summary>
    public HostKey Pin(string instanceId, HostKey key)
    {
        using var _ = Lock();
        if (Find(instanceId) is { } known)
            return known;
        using var file = Fe2Folder.OpenPrivate(FilePath, FileMode.OpenOrCreate, FileShare.ReadWrite);
        file.Seek(0, SeekOrigin.End);
        file.Write(System.Text.Encoding.UTF8.GetBytes($"{instanceId} {key.Type} {key.Blob}\n"));
        return key;
    }

    /// <summary>Forgets an instance's key.</summary>
    public void Forget(string instanceId)
    {
        using var _ = Lock();
        if (Find(instanceId) is null)
            return;
        var kept = File.ReadLines(FilePath)
            .Where(line => HostKey.FromKnownHosts(line, out var names) is null || names != instanceId).ToList();
        var next = FilePath + ".new";
        using (var file = Fe2Folder.OpenPrivate(next, FileMode.Create))
            file.Write(System.Text.Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n"))));
        File.Move(next, FilePath, overwrite: true);
    }

    private FileLock Lock()
    {
        Fe2Folder.EnsurePrivate(folder);
        return new FileLock(Path.Combine(folder, "known_hosts.lock"));
    }

    /// <summary>Holds other processes off by a file, and other threads of this one by a monitor.</summary>
    private sealed class FileLock : IDisposable
    {
        private readonly FileStream _file;

        public FileLock(string path)
        {
            Monitor.Enter(InProcess);
            try
            {
                _file = Open(path);
            }
            catch
            {
                Monitor.Exit(InProcess);
                throw;
            }
        }

        public void Dispose()
        {
            _file.Dispose();
            Monitor.Exit(InProcess);
        }

        private static FileStream Open(string path)
        {
            for (var left = 500; ; left--)
            {
                try
                {
                    return Fe2Folder.OpenPrivate(path, FileMode.OpenOrCreate, FileShare.None);
                }
                catch (IOException) when (left > 0)
                {
                    // Another process holds it for the time of one small write.
                    Thread.Sleep(10);
                }
            }
        }
    }
}
