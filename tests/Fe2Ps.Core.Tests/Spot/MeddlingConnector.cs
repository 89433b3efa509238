using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>A connector of a computer to which something happens in the middle of a step.</summary>
/// <param name="ssh">The way to the machines.</param>
/// <param name="before">Told of each command; what it returns is run instead, with that input.</param>
internal sealed class MeddlingConnector(ISshConnector ssh, Func<string, Stream?, Task<(string Command, Stream? Input)>> before) : ISshConnector
{
    public async Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default) =>
        new Session(await ssh.OpenAsync(target, cancellationToken), before);

    public Task<string> WaitUntilReadyAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        ssh.WaitUntilReadyAsync(target, timeout, report, cancellationToken);

    public Task<SshInvocation> InteractiveAsync(
        SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default) =>
        ssh.InteractiveAsync(target, tunnels, command, cancellationToken);

    public Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default) => ssh.CloseAsync(target, cancellationToken);

    public HostKey? PinnedKey(string instanceId) => ssh.PinnedKey(instanceId);

    public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default) => ssh.ForgetAsync(instanceId, cancellationToken);

    private sealed class Session(ISshSession session, Func<string, Stream?, Task<(string Command, Stream? Input)>> before) : ISshSession
    {
        public SshTarget Target => session.Target;

        public async Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default)
        {
            (command, input) = await before(command, input);
            cancellationToken.ThrowIfCancellationRequested();
            return await session.RunAsync(command, input, cancellationToken);
        }

        public Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default) =>
            session.StreamAsync(command, output, input, cancellationToken);

        public Task SendAsync(
            IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
            session.SendAsync(localPaths, remoteFolder, report, cancellationToken);

        public Task ReceiveAsync(
            string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
            session.ReceiveAsync(remoteFolder, localFolder, report, cancellationToken);

        public Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default) =>
            session.OpenTunnelsAsync(tunnels, cancellationToken);

        public ValueTask DisposeAsync() => session.DisposeAsync();
    }
}
