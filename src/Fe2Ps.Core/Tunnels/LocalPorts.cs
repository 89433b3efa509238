using System.Net;
using System.Net.Sockets;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tunnels;

/// <summary>The tcp ports of this computer's loopback address.</summary>
public static class LocalPorts
{
    /// <summary>Makes sure that the tunnels' ports here are free, each named once.</summary>
    /// <exception cref="Fe2Exception"><c>LocalPortInUse</c>; it names a port that is free.</exception>
    public static void EnsureFree(IReadOnlyList<Tunnel> tunnels)
    {
        for (int i = 0; i < tunnels.Count; i++)
        {
            int port = tunnels[i].LocalPort;
            if (tunnels.Take(i).Any(t => t.LocalPort == port) || !IsFree(port)) throw InUse(tunnels[i]);
        }
    }

    internal static Fe2Exception InUse(Tunnel tunnel)
    {
        int other = FreeAfter(tunnel.LocalPort);
        return new Fe2Exception(
            "LocalPortInUse", Fe2ErrorKind.InvalidArgument, $"The port {tunnel.LocalPort} of this computer is in use.",
            $"Take another one here, for example {other}: -Port {other}:{tunnel.RemotePort}. Get-Fe2Tunnel lists the tunnels of this process.", tunnel.LocalPort);
    }

    /// <summary>Whether a tunnel could begin here.</summary>
    internal static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>This port where it is free, else the next one that is.</summary>
    internal static int FreeFrom(int port) => port >= 1024 && IsFree(port) ? port : FreeAfter(port);

    /// <summary>The next port that is free, or one that the system chooses.</summary>
    internal static int FreeAfter(int port)
    {
        for (int next = port + 1; next < Math.Min(port + 100, 65536); next++)
            if (next >= 1024 && IsFree(next)) return next;
        using var any = new TcpListener(IPAddress.Loopback, 0);
        any.Start();
        return ((IPEndPoint)any.LocalEndpoint).Port;
    }
}
