using System.Net;
using System.Net.Sockets;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tunnels;

/// <summary>The near end of tunnels that last as long as a login.</summary>
public static class NearEnd
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Says once which ports nothing listens on yet: ssh itself would say it for each connection, across the screen.</summary>
    public static async Task WarnAsync(
        ISshConnector connector, SshTarget target, IReadOnlyList<Tunnel> tunnels, IProgress<Fe2Report> report, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connector);
        ArgumentNullException.ThrowIfNull(tunnels);
        ArgumentNullException.ThrowIfNull(report);
        if (tunnels.Count == 0) return;
        await using ISshSession ssh = await connector.OpenAsync(target, cancellationToken).ConfigureAwait(false);
        string command = string.Concat(tunnels.Select(t => $"{SshTunnels.ListensOn(t.RemotePort)} || echo {t.RemotePort}; "));
        SshResult silent = await ssh.RunAsync("exec sh -c " + ShellQuote.Quote(command), null, cancellationToken).ConfigureAwait(false);
        foreach (string port in silent.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            report.Report(new WarningReport($"Nothing listens on port {port} of {target.Name} yet; the tunnel works as soon as something does."));
    }

    /// <summary>Opens the browser as soon as the tunnel's port here takes connections.</summary>
    public static async Task BrowseAsync(Tunnel tunnel, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tunnel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (!limit.IsCancellationRequested)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, tunnel.LocalPort, limit.Token).ConfigureAwait(false);
                Browser.Open($"http://localhost:{tunnel.LocalPort}");
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(Pace, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or Fe2Exception)
            {
                // The terminal belongs to the login: a browser that is missing cannot be told about there.
                return;
            }
        }
    }
}
