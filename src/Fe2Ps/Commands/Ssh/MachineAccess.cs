using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Commands;

/// <summary>The way to a machine. When it does not answer at once, the security group is checked: this computer's address may have changed.</summary>
internal sealed class MachineAccess(Fe2Session session, SshConnector connector, IProgress<Fe2Report> report)
{
    /// <summary>A connection that works is there sooner than this; asking about the address first would cost more than it saves.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(800);

    private readonly InstanceTargets _targets = new(session);

    /// <summary>What ssh needs to know about the machine.</summary>
    public Task<SshTarget> TargetAsync(Instance instance, string? keyFile, string? user, CancellationToken cancellationToken) =>
        _targets.ForAsync(instance, keyFile, user, cancellationToken);

    /// <summary>Connects by any of the connector's ways.</summary>
    public async Task<T> ConnectAsync<T>(
        Instance instance, SshTarget target, Func<CancellationToken, Task<T>> connect, CancellationToken cancellationToken)
    {
        Task<T> connecting = connect(cancellationToken);
        Task first = await Task.WhenAny(connecting, Task.Delay(Patience, session.Clock, cancellationToken)).ConfigureAwait(false);
        if (first != connecting || connecting.IsFaulted)
        {
            bool mended = await new SshAccess(session).MendAsync(instance, fresh: false, report, cancellationToken).ConfigureAwait(false);
            try
            {
                await connecting.ConfigureAwait(false);
            }
            catch (Fe2Exception failure) when (mended && failure.Kind == Fe2ErrorKind.Connection)
            {
                connecting = connect(cancellationToken);
            }
        }

        T connected = await connecting.ConfigureAwait(false);
        if (target.HostKey is null && connector.KnownHosts.Find(target.InstanceId) is { } key)
            await _targets.PublishHostKeyAsync(instance, key.Fingerprint, cancellationToken).ConfigureAwait(false);
        return connected;
    }
}
