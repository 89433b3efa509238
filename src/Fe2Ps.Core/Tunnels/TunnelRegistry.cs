using System.Collections.Concurrent;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tunnels;

/// <summary>The tunnels of this process, whoever opened them. They end with the process.</summary>
public static class TunnelRegistry
{
    /// <summary>By the port here, which nobody else can have.</summary>
    private static readonly ConcurrentDictionary<int, TunnelKeeper> ByPort = new();

    private static int s_watchesExit;

    /// <summary>The tunnels, by port.</summary>
    public static IReadOnlyList<Fe2Tunnel> All => [.. ByPort.Values.Select(k => k.Tunnel).OrderBy(t => t.LocalPort)];

    /// <summary>Opens tunnels to a machine and returns when they work; none stays where one of them fails.</summary>
    /// <exception cref="Fe2Exception"><c>LocalPortInUse</c>, or a failure to connect.</exception>
    public static async Task<IReadOnlyList<Fe2Tunnel>> StartAsync(
        Fe2Session session, ISshConnector connector, Instance instance, IReadOnlyList<Tunnel> ports, TunnelRequest request,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref s_watchesExit, 1) == 0)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAllAsync(_ => true).Wait(TimeSpan.FromSeconds(2));
        ForgetEnded();
        LocalPorts.EnsureFree(ports);
        var opened = new List<TunnelKeeper>();
        try
        {
            foreach (Tunnel port in ports)
            {
                string name = InstanceFacts.NameOf(instance) ?? instance.InstanceId;
                var keeper = new TunnelKeeper(session, connector, request, new Fe2Tunnel(name, instance.InstanceId, port, request.Owner));
                // The port is taken in this process before ssh takes it: two sessions may ask for it in the same moment.
                if (!ByPort.TryAdd(port.LocalPort, keeper)) throw LocalPorts.InUse(port);
                opened.Add(keeper);
                await keeper.StartAsync(instance, report, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            foreach (TunnelKeeper keeper in opened) await EndAsync(keeper).ConfigureAwait(false);
            throw;
        }

        return [.. opened.Select(k => k.Tunnel)];
    }

    /// <summary>The tunnel that leads to a port of a machine already, or a new one.</summary>
    /// <param name="session">The session.</param>
    /// <param name="connector">Makes the connection.</param>
    /// <param name="instance">The machine.</param>
    /// <param name="localPort">The port here; 0 takes the machine's own number, or the next that is free.</param>
    /// <param name="remotePort">The port there.</param>
    /// <param name="request">How to log in.</param>
    /// <param name="report">Takes warnings.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="Fe2Exception">As <see cref="StartAsync"/>.</exception>
    public static async Task<Fe2Tunnel> JoinAsync(
        Fe2Session session, ISshConnector connector, Instance instance, int localPort, int remotePort, TunnelRequest request,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(instance);
        Fe2Tunnel? open = All.FirstOrDefault(t => t.InstanceId == instance.InstanceId && t.RemotePort == remotePort
            && t.State == TunnelState.Connected && (localPort == 0 || t.LocalPort == localPort));
        if (open is not null) return open;
        var ports = new Tunnel(localPort > 0 ? localPort : LocalPorts.FreeFrom(remotePort), remotePort);
        return (await StartAsync(session, connector, instance, [ports], request, report, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Ends a tunnel; one that is not there any more is no error.</summary>
    public static Task StopAsync(Fe2Tunnel tunnel)
    {
        ArgumentNullException.ThrowIfNull(tunnel);
        return EndAllAsync(k => ReferenceEquals(k.Tunnel, tunnel));
    }

    /// <summary>Ends all tunnels that an owner has opened.</summary>
    public static Task StopOfAsync(object owner) => EndAllAsync(k => ReferenceEquals(k.Tunnel.Owner, owner));

    private static Task EndAllAsync(Func<TunnelKeeper, bool> isMeant) => Task.WhenAll(ByPort.Values.Where(isMeant).Select(EndAsync));

    private static async Task EndAsync(TunnelKeeper keeper)
    {
        ByPort.TryRemove(KeyValuePair.Create(keeper.Tunnel.LocalPort, keeper));
        await keeper.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>One that has failed for good holds its port no longer.</summary>
    private static void ForgetEnded()
    {
        foreach ((int port, TunnelKeeper keeper) in ByPort)
            if (keeper.Tunnel.State == TunnelState.Failed) ByPort.TryRemove(KeyValuePair.Create(port, keeper));
    }
}
