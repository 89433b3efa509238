namespace Fe2Ps.Core.Ssh;

/// <summary>The door of the ssh room: everything else sees sessions, never a command line.</summary>
public interface ISshConnector
{
    /// <summary>
    /// Waits until a command over ssh works: the port is probed five times a second, then one command is run.
    /// The host key is pinned on first contact and compared afterwards.
    /// </summary>
    /// <returns>The host key's fingerprint, <c>SHA256:...</c>.</returns>
    /// <exception cref="Fe2Exception"><c>SshKeyRefused</c>, <c>HostKeyChanged</c>, or <c>SshNotReady</c> when sshd did not answer in time.</exception>
    Task<string> WaitUntilReadyAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default);

    /// <summary>Opens a session; connections to the same target are shared where the platform can. The host key is checked here.</summary>
    Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default);

    /// <summary>
    /// What to start for an interactive login that takes over the terminal: the caller starts the process with inherited
    /// input and output. The host key has been checked and pinned when this returns.
    /// </summary>
    /// <param name="target">The machine.</param>
    /// <param name="tunnels">Ports to forward for as long as the login lasts.</param>
    /// <param name="command">A command to run on a terminal there instead of a login shell, or null.</param>
    /// <param name="cancellationToken">Ends the check of the host key.</param>
    Task<SshInvocation> InteractiveAsync(
        SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default);

    /// <summary>Closes the shared connection to the machine, if there is one.</summary>
    Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default);

    /// <summary>The pinned host key of an instance, or null where this computer has never reached it.</summary>
    HostKey? PinnedKey(string instanceId);

    /// <summary>Forgets the pinned host key of an instance that exists no longer.</summary>
    Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default);
}

/// <summary>A process to start.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">Its arguments, one by one, unquoted.</param>
public sealed record SshInvocation(string FileName, IReadOnlyList<string> Arguments);
