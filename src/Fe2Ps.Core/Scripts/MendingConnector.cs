using System.Collections.Concurrent;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>A connector that reaches the instances it knows by <see cref="MachineAccess"/>: also after this computer's address has changed.</summary>
internal sealed class MendingConnector(ISshConnector ssh, MachineAccess access) : ISshConnector
{
    private readonly ConcurrentDictionary<string, Instance> _instances = new(StringComparer.Ordinal);

    public void Know(Instance instance) => _instances[instance.InstanceId] = instance;

    public Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default) =>
        _instances.TryGetValue(target.InstanceId, out var instance)
            ? access.OpenAsync(instance, target, cancellationToken)
            : ssh.OpenAsync(target, cancellationToken);

    public Task<string> WaitUntilReadyAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        ssh.WaitUntilReadyAsync(target, timeout, report, cancellationToken);

    public Task<SshInvocation> InteractiveAsync(
        SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default) =>
        ssh.InteractiveAsync(target, tunnels, command, cancellationToken);

    public Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default) => ssh.CloseAsync(target, cancellationToken);

    public HostKey? PinnedKey(string instanceId) => ssh.PinnedKey(instanceId);

    public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default) => ssh.ForgetAsync(instanceId, cancellationToken);
}
