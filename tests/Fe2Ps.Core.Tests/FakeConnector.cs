using System.Collections.Concurrent;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests;

/// <summary>Machines that answer over ssh as the test says. The real ones are shown by the ssh room's own tests.</summary>
internal sealed class FakeConnector(Func<SshTarget, CancellationToken, Task<string>>? answer = null) : ISshConnector
{
    public ConcurrentQueue<SshTarget> Asked { get; } = new();

    public ConcurrentQueue<string> Forgotten { get; } = new();

    /// <summary>Never answers until it is cancelled.</summary>
    public static FakeConnector Silent() => new(async (_, token) =>
    {
        await Task.Delay(Timeout.Infinite, token);
        return "";
    });

    public static FakeConnector Failing(string id) => new((target, _) =>
        throw new Fe2Exception(id, Fe2ErrorKind.Timeout, $"{target.Name} did not answer.", "Try again.", target.InstanceId));

    public static string KeyOf(string instanceId) => $"SHA256:key-of-{instanceId}";

    public async Task<string> WaitUntilReadyAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        Asked.Enqueue(target);
        return answer is null ? KeyOf(target.InstanceId) : await answer(target, cancellationToken);
    }

    public Task<SshInvocation> InteractiveAsync(
        SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("No test of this room opens a terminal.");

    public Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public HostKey? PinnedKey(string instanceId) => null;

    public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default)
    {
        Forgotten.Enqueue(instanceId);
        return Task.CompletedTask;
    }

    public Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("No test of this room opens a session.");
}

/// <summary>Keeps every report.</summary>
internal sealed class Reports : IProgress<Fe2Report>
{
    public ConcurrentQueue<Fe2Report> All { get; } = new();

    public IEnumerable<string> Warnings => All.OfType<WarningReport>().Select(w => w.Message);

    public void Report(Fe2Report value) => All.Enqueue(value);
}
