using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tunnels;

/// <summary>
/// Keeps one tunnel open: after a cut, a reboot, a new address of the machine or of this computer it is connected again. It
/// gives up only where waiting cannot help: the machine is gone for good, its host key is another, the login is refused.
/// </summary>
internal sealed class TunnelKeeper : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly Fe2Session _session;
    private readonly ISshConnector _connector;
    private readonly TunnelRequest _request;
    private readonly CancellationTokenSource _stop = new();
    private ISshTunnels? _open;
    private Task _keeping = Task.CompletedTask;

    public TunnelKeeper(Fe2Session session, ISshConnector connector, TunnelRequest request, Fe2Tunnel tunnel)
    {
        (_session, _connector, _request, Tunnel) = (session, connector, request, tunnel);
    }

    public Fe2Tunnel Tunnel { get; }

    private string NobodyListens => $"Nothing listens on port {Tunnel.RemotePort} of {Tunnel.Name} yet; the tunnel works as soon as something does.";

    /// <summary>Nobody tells this end when something listens at last, so the object says what was, and when.</summary>
    private string NobodyListened => string.Create(
        CultureInfo.InvariantCulture, $"At {_session.Clock.GetLocalNow():HH:mm:ss} nothing listened on port {Tunnel.RemotePort} of {Tunnel.Name}; the tunnel works as soon as something does.");

    /// <summary>Opens it for the first time; a failure is an error. From then on it is kept.</summary>
    public async Task StartAsync(Instance instance, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        Tunnel.Become(TunnelState.Connecting, null, _session.Clock.GetUtcNow());
        _open = await ConnectAsync(instance, report, cancellationToken).ConfigureAwait(false);
        Connected(_open);
        if (_open.SilentPorts.Count > 0) report?.Report(new WarningReport(NobodyListens));
        _keeping = Task.Run(KeepAsync, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Tunnel.Become(TunnelState.Stopped, null, _session.Clock.GetUtcNow());
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_open is { } open) await open.DisposeAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        // One that was opened again in the very moment of the end.
        if (_open is { } late) await late.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<ISshTunnels> ConnectAsync(Instance instance, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var access = new MachineAccess(_session, _connector, report);
        SshTarget target = await access.TargetAsync(instance, _request.KeyFile, _request.User, cancellationToken).ConfigureAwait(false);
        return await access.ConnectAsync(
            instance, target,
            async token =>
            {
                ISshSession ssh = await _connector.OpenAsync(target, token).ConfigureAwait(false);
                return await ssh.HoldTunnelsAsync([Tunnel.Ports], Refused, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A browser that tries again and again is told about once, here, and by no stream of lines.</summary>
    private void Refused()
    {
        if (Tunnel.State == TunnelState.Connected) Tunnel.Become(TunnelState.Connected, NobodyListened, _session.Clock.GetUtcNow());
    }

    private void Connected(ISshTunnels open) =>
        Tunnel.Become(TunnelState.Connected, open.SilentPorts.Count > 0 ? NobodyListened : null, _session.Clock.GetUtcNow());

    private async Task KeepAsync()
    {
        try
        {
            for (int failures = 0; !_stop.IsCancellationRequested;)
            {
                if (_open is { } open)
                {
                    string last = await open.Ended.ConfigureAwait(false);
                    await open.DisposeAsync().ConfigureAwait(false);
                    _open = null;
                    failures = 0;
                    Become(TunnelState.Reconnecting, $"The connection to {Tunnel.Name} was cut: {last}");
                }

                await Task.Delay(Pause(failures++), _session.Clock, _stop.Token).ConfigureAwait(false);
                if (!await TryAgainAsync().ConfigureAwait(false)) return;
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e)
        {
            // Nobody waits for this task: what ends it must be seen in the object.
            Become(TunnelState.Failed, e.Message);
        }
    }

    /// <summary>False where it is over.</summary>
    private async Task<bool> TryAgainAsync()
    {
        try
        {
            Instance instance = await new InstanceQuery(_session).GetAsync(Tunnel.InstanceId, _stop.Token).ConfigureAwait(false);
            if (InstanceFacts.IsEnding(instance))
            {
                Become(TunnelState.Failed, $"{Tunnel.Name} exists no longer.");
                return false;
            }

            _open = await ConnectAsync(instance, null, _stop.Token).ConfigureAwait(false);
            Tunnel.Reconnects++;
            Connected(_open);
        }
        catch (Fe2Exception failure)
        {
            bool isOver = failure.Kind == Fe2ErrorKind.Security || failure.Id is "InstanceNotFound" or "TunnelFailed" or "SshMissing";
            Become(isOver ? TunnelState.Failed : TunnelState.Reconnecting, isOver ? $"{failure.Message} {failure.NextStep}" : failure.Message);
            return !isOver;
        }

        return true;
    }

    private void Become(TunnelState state, string reason) => Tunnel.Become(state, reason, _session.Clock.GetUtcNow());

    private static TimeSpan Pause(int failures) => TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(failures, 10)));
}

/// <summary>How to log in for a tunnel.</summary>
/// <param name="User">The login user, or null for the machine's own.</param>
/// <param name="KeyFile">The private key on this computer, or null for the one of the instance's key pair.</param>
/// <param name="Owner">Who opens it; <see cref="TunnelRegistry.StopOfAsync"/> ends all of one owner.</param>
public sealed record TunnelRequest(string? User = null, string? KeyFile = null, object? Owner = null);
