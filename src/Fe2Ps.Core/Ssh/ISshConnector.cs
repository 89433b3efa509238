namespace Fe2Ps.Core.Ssh;

/// <summary>The door of the ssh room: everything else sees sessions, never a command line.</summary>
public interface ISshConnector
{
    /// <summary>
    /// Waits until a command over ssh works: the port is probed every half second, then one command is run.
    /// The host key is pinned on first contact and compared afterwards.
    /// </summary>
    /// <returns>The host key's fingerprint, <c>SHA256:...</c>.</returns>
    /// <exception cref="Fe2Exception">The key is refused, the host key has changed, or sshd did not answer in time.</exception>
    Task<string> WaitUntilReadyAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default);

    /// <summary>Opens a session; connections to the same target are shared where the platform can.</summary>
    Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default);
}
