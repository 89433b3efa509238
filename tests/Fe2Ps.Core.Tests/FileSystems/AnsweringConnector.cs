using System.Collections.Concurrent;
using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.FileSystems;

/// <summary>Machines that answer each script as the test says; what they are asked is kept. The real ones are in <see cref="FileSystemTests"/>.</summary>
internal sealed class AnsweringConnector(Func<SshTarget, SshResult>? answer = null) : ISshConnector
{
    /// <summary>Which machines have run a script, by name, in order.</summary>
    public ConcurrentQueue<string> Ran { get; } = new();

    private SshResult Answer(SshTarget target) => answer?.Invoke(target) ?? Said("point /mnt/shared\n");

    public static SshResult Said(string text, int code = 0, string error = "") => new(code, Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(error));

    public Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default) => Task.FromResult<ISshSession>(new Session(this, target));

    public Task<string> WaitUntilReadyAsync(SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<SshInvocation> InteractiveAsync(SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public HostKey? PinnedKey(string instanceId) => null;

    public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default) => Task.CompletedTask;

    private sealed class Session(AnsweringConnector connector, SshTarget target) : ISshSession
    {
        public SshTarget Target => target;

        public Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (command == "true")
                return Task.FromResult(Said(""));
            connector.Ran.Enqueue(target.Name);
            return Task.FromResult(connector.Answer(target));
        }

        public Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task SendAsync(IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task ReceiveAsync(string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
