using System.Collections.Concurrent;
using Amazon.EC2.Model;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Instances;

/// <summary>The way to a machine. When it does not answer at once, the security group is checked: this computer's address may have changed.</summary>
public sealed class MachineAccess(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    /// <summary>A connection that works is there sooner than this; asking about the address first would cost more than it saves.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(800);

    /// <summary>A machine that has answered is taken to be within reach for so long.</summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);

    private readonly InstanceTargets _targets = new(session);
    private readonly ConcurrentDictionary<string, long> _answered = new(StringComparer.Ordinal);

    /// <summary>What ssh needs to know about the machine.</summary>
    public Task<SshTarget> TargetAsync(Instance instance, string? keyFile, string? user, CancellationToken cancellationToken) =>
        _targets.ForAsync(instance, keyFile, user, cancellationToken);

    /// <summary>A session on a machine that answers: opening one connects only where the host key is not known yet, so a command proves it.</summary>
    public Task<ISshSession> OpenAsync(Instance instance, SshTarget target, CancellationToken cancellationToken) =>
        ConnectAsync(instance, target, token => ProvenAsync(target, token), cancellationToken);

    /// <summary>Connects by any of the connector's ways.</summary>
    public async Task<T> ConnectAsync<T>(
        Instance instance, SshTarget target, Func<CancellationToken, Task<T>> connect, CancellationToken cancellationToken)
    {
        Task<T> connecting = connect(cancellationToken);
        Task first = await Task.WhenAny(connecting, Task.Delay(Patience, session.Clock, cancellationToken)).ConfigureAwait(false);
        if (first != connecting || IsUnreached(connecting))
        {
            bool mended = await TryMendAsync(instance, cancellationToken).ConfigureAwait(false);
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
        if (target.HostKey is null && connector.PinnedKey(target.InstanceId) is { } key)
            await TryPublishAsync(instance, key.Fingerprint, cancellationToken).ConfigureAwait(false);
        return connected;
    }

    /// <summary>Whether a failure may be that of a rule: one that the machine itself has answered is not.</summary>
    private static bool IsUnreached(Task connecting) =>
        connecting.Exception?.InnerException is { } failure && (failure as Fe2Exception)?.Kind is null or Fe2ErrorKind.Connection;

    private async Task<ISshSession> ProvenAsync(SshTarget target, CancellationToken cancellationToken)
    {
        ISshSession ssh = await connector.OpenAsync(target, cancellationToken).ConfigureAwait(false);
        if (_answered.TryGetValue(target.InstanceId, out long last) && session.Clock.GetElapsedTime(last) < Trust)
            return ssh;
        await ssh.RunAsync("true", null, cancellationToken).ConfigureAwait(false);
        _answered[target.InstanceId] = session.Clock.GetTimestamp();
        return ssh;
    }

    /// <summary>Whether a way in was opened. What keeps the rules from being mended is said, and the connection tried all the same.</summary>
    private async Task<bool> TryMendAsync(Instance instance, CancellationToken cancellationToken)
    {
        try
        {
            return await new SshAccess(session).MendAsync(instance, fresh: false, report, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            report?.Report(new VerboseReport($"Whether {InstanceFacts.Label(instance)} lets this computer in could not be checked: {e.Message}"));
            return false;
        }
    }

    private async Task TryPublishAsync(Instance instance, string fingerprint, CancellationToken cancellationToken)
    {
        try
        {
            await _targets.PublishHostKeyAsync(instance, fingerprint, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            report?.Report(new VerboseReport($"The host key of {InstanceFacts.Label(instance)} could not be written down for other computers: {e.Message}"));
        }
    }
}
