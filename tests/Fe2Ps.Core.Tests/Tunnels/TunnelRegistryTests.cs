using System.Net;
using System.Net.Sockets;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Files;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Tunnels;

/// <summary>Tunnels to a real machine, kept over what cuts them.</summary>
public sealed class TunnelRegistryTests(HostedCopyFixture cloud) : IClassFixture<HostedCopyFixture>
{
    private const string Serve = "cd $(mktemp -d); echo hello > index.html; nohup python3 -m http.server 8123 >/dev/null 2>&1 &";

    [HostedFact]
    public async Task ATunnelIsKeptOverACutAndSaysWhatItDoes()
    {
        var machine = await cloud.LaunchAsync("tunnel1");
        var port = FreePort();
        var reports = new List<Fe2Report>();
        var tunnel = Assert.Single(await TunnelRegistry.StartAsync(
            cloud.Session, cloud.Connector, machine, [new Tunnel(port, 8123)], new TunnelRequest(Owner: this), new Collect(reports)));
        Assert.Equal(TunnelState.Connected, tunnel.State);
        Assert.Contains("Nothing listens on port 8123", Assert.IsType<WarningReport>(reports.Single(r => r is WarningReport)).Message, StringComparison.Ordinal);
        Assert.Contains(tunnel, TunnelRegistry.All);

        await cloud.OnAsync(machine, Serve);
        await Until.TrueAsync(() => AnswersAsync(port), "the server answers through the tunnel");
        // What the object says holds also after something listens.
        Assert.Matches("^At [0-9:]{8} nothing listened on port 8123 of tunnel1", tunnel.Reason);

        await cloud.FaultAsync(new { kind = "cut", instance = "tunnel1" });
        await Until.TrueAsync(() => tunnel.State == TunnelState.Reconnecting, "the cut is noticed", 60);
        Assert.NotNull(tunnel.Reason);
        await cloud.FaultAsync(new { kind = "join", instance = "tunnel1" });
        await Until.TrueAsync(() => tunnel.State == TunnelState.Connected, "the tunnel is open again", 90);
        await Until.TrueAsync(() => AnswersAsync(port), "the server answers again");
        Assert.True(tunnel.Reconnects > 0);

        await TunnelRegistry.StopOfAsync(this);
        Assert.Equal(TunnelState.Stopped, tunnel.State);
        Assert.DoesNotContain(tunnel, TunnelRegistry.All);
        Assert.True(LocalPorts.IsFree(port));
    }

    [HostedFact]
    public async Task ATunnelIsKeptOverARebootAndOverAnotherAddress()
    {
        var machine = await cloud.LaunchAsync("tunnel3");
        var port = FreePort();
        var tunnel = Assert.Single(await TunnelRegistry.StartAsync(
            cloud.Session, cloud.Connector, machine, [new Tunnel(port, 8123)], new TunnelRequest(Owner: this)));

        var actions = new InstanceActions(cloud.Session);
        await actions.RestartAsync([machine]);
        await Until.TrueAsync(() => tunnel is { State: TunnelState.Connected, Reconnects: > 0 }, "the tunnel is open after the reboot", 90);
        await cloud.OnAsync(machine, Serve);
        await Until.TrueAsync(() => AnswersAsync(port), "the server answers after the reboot");

        var reconnects = tunnel.Reconnects;
        await actions.StopAsync([machine]);
        await new InstanceWaiter(cloud.Session).WaitAsync([machine], "stopped", TimeSpan.FromSeconds(60), null, default);
        await Until.TrueAsync(() => tunnel.State == TunnelState.Reconnecting, "the stop is noticed", 60);
        await actions.StartAsync([machine]);
        await new InstanceWaiter(cloud.Session).WaitAsync([machine], "running", TimeSpan.FromSeconds(60), null, default);
        var now = await new InstanceQuery(cloud.Session).GetAsync("tunnel3");
        Assert.NotEqual(machine.PublicIpAddress, now.PublicIpAddress);
        await Until.TrueAsync(() => tunnel.State == TunnelState.Connected && tunnel.Reconnects > reconnects, "the tunnel is open at the new address", 90);
        await cloud.OnAsync(now, Serve);
        await Until.TrueAsync(() => AnswersAsync(port), "the server answers at the new address");
        await TunnelRegistry.StopAsync(tunnel);
    }

    [HostedFact]
    public async Task ATunnelToAMachineThatIsGoneFailsAndSaysSo()
    {
        var machine = await cloud.LaunchAsync("tunnel2");
        var tunnel = Assert.Single(await TunnelRegistry.StartAsync(
            cloud.Session, cloud.Connector, machine, [new Tunnel(FreePort(), 8123)], new TunnelRequest()));
        await new InstanceActions(cloud.Session).RemoveAsync([machine], default);
        await Until.TrueAsync(() => tunnel.State == TunnelState.Failed, "it gives up", 60);
        Assert.Contains("tunnel2", tunnel.Reason, StringComparison.Ordinal);
        await TunnelRegistry.StopAsync(tunnel);
    }

    [HostedFact]
    public async Task ManySessionsAtOnceGetAPortOnce()
    {
        var port = FreePort();
        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                return (await TunnelRegistry.StartAsync(cloud.Session, cloud.Connector, cloud.Od1, [new Tunnel(port, 22)], new TunnelRequest()))[0];
            }
            catch (Fe2Exception failure)
            {
                Assert.Equal("LocalPortInUse", failure.Id);
                return null;
            }
        }));
        var tunnel = Assert.Single(asked, t => t is not null);
        Assert.Null(tunnel!.Reason);
        await TunnelRegistry.StopAsync(tunnel);
    }

    [Fact]
    public void APortInUseIsAnErrorThatNamesAFreeOne()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var error = Assert.Throws<Fe2Exception>(() => LocalPorts.EnsureFree([new Tunnel(port, 8888)]));
        Assert.Equal("LocalPortInUse", error.Id);
        Assert.Matches("-Port [0-9]+:8888", error.NextStep);
        var free = FreePort();
        Assert.Equal("LocalPortInUse", Assert.Throws<Fe2Exception>(() => LocalPorts.EnsureFree([new Tunnel(free, 1), new Tunnel(free, 2)])).Id);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
            return await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")) == "hello\n";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Collect(List<Fe2Report> reports) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value)
        {
            lock (reports)
                reports.Add(value);
        }
    }
}
