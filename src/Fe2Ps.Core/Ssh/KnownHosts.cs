namespace Fe2Ps.Core.Ssh;

/// <summary>
/// The host keys that this computer has pinned, one per instance id. An address says nothing about who answers there:
/// AWS gives it to somebody else tomorrow. ssh itself reads this file and never writes it.
/// </summary>
public sealed class KnownHosts(string folder, TimeProvider? time = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly SemaphoreSlim InProcess = new(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

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
    public async Task<HostKey> PinAsync(string instanceId, HostKey key, CancellationToken cancellationToken = default)
    {
        using var _ = await LockAsync(cancellationToken).ConfigureAwait(false);
        if (Find(instanceId) is { } known)
            return known;
        using var file = Fe2Folder.OpenPrivate(FilePath, FileMode.OpenOrCreate, FileShare.ReadWrite);
        file.Seek(0, SeekOrigin.End);
        file.Write(System.Text.Encoding.UTF8.GetBytes($"{instanceId} {key.Type} {key.Blob}\n"));
        return key;
    }

    /// <summary>Forgets an instance's key.</summary>
    public async Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        using var _ = await LockAsync(cancellationToken).ConfigureAwait(false);
        if (Find(instanceId) is null)
            return;
        var kept = File.ReadLines(FilePath)
            .Where(line => HostKey.FromKnownHosts(line, out var names) is null || names != instanceId).ToList();
        var next = FilePath + ".new";
        using (var file = Fe2Folder.OpenPrivate(next, FileMode.Create))
            file.Write(System.Text.Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n"))));
        File.Move(next, FilePath, overwrite: true);
    }

    /// <summary>Holds off other processes by a file, which they hold for the time of one small write, and other tasks of this one by a semaphore.</summary>
    private async Task<IDisposable> LockAsync(CancellationToken cancellationToken)
    {
        Fe2Folder.EnsurePrivate(folder);
        var path = Path.Combine(folder, "known_hosts.lock");
        await InProcess.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            for (var began = _time.GetTimestamp(); ;)
            {
                try
                {
                    return new Held(Fe2Folder.OpenPrivate(path, FileMode.OpenOrCreate, FileShare.None));
                }
                catch (IOException) when (_time.GetElapsedTime(began) < Patience)
                {
                    await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch
        {
            InProcess.Release();
            throw;
        }
    }

    private sealed class Held(FileStream file) : IDisposable
    {
        public void Dispose()
        {
            file.Dispose();
            InProcess.Release();
        }
    }
}
