namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Counts what runs over one shared connection. sshd takes ten sessions on a connection (sshd_config(5), MaxSessions);
/// what comes on top gets a connection of its own instead of an error.
/// </summary>
internal sealed class SshChannels(SshTarget target)
{
    private const int Most = 8;

    private int _inUse;

    public SshTarget Target { get; } = target;

    public SshSharing Enter() => Interlocked.Increment(ref _inUse) <= Most ? SshSharing.Shared : SshSharing.Own;

    public void Leave() => Interlocked.Decrement(ref _inUse);
}
