using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>Who reaches whom.</summary>
public sealed class ContainerNetworkTests(FabricFixture fixture) : IClassFixture<FabricFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [ContainerFact]
    public async Task Traffic_comes_in_only_where_a_rule_allows_it()
    {
        var spec = fixture.NewSpec();
        await fixture.Fabric.StartAsync(spec, None);
        await Deadline.UntilAsync(() => fixture.Fabric.ConsoleOutput(spec.InstanceId).Contains("Cloud-init finished", StringComparison.Ordinal), "it is up");
        Assert.False(await ReachesAsync(spec.PublicAddress!, 22));

        await fixture.Fabric.SetIngressAsync(spec.InstanceId, [new IngressRule("tcp", 22, 22, IPNetwork.Parse("10.0.0.0/8"))], None);
        Assert.False(await ReachesAsync(spec.PublicAddress!, 22));

        await fixture.Fabric.SetIngressAsync(spec.InstanceId, [fixture.SshFromCaller], None);
        await fixture.UntilSshAsync(spec);

        await fixture.Fabric.SetIngressAsync(spec.InstanceId, [], None);
        Assert.False(await ReachesAsync(spec.PublicAddress!, 22));
    }

    [ContainerFact]
    public async Task Hosts_reach_each_other_by_private_address_as_their_rules_say()
    {
        var server = await fixture.StartAsync();
        var client = await fixture.StartAsync();
        var probe = $"timeout 1 bash -c 'head -c4 </dev/tcp/{server.PrivateAddress}/22' || echo no";

        Assert.Equal("no", await fixture.SshAsync(client, probe));
        await fixture.Fabric.SetIngressAsync(
            server.InstanceId, [fixture.SshFromCaller, new IngressRule("tcp", 22, 22, new IPNetwork(client.PrivateAddress, 32))], None);
        Assert.Equal("SSH-", await fixture.SshAsync(client, probe));
        // By its public address too, as EC2 does, and with the client's own public address on the other side.
        await fixture.Fabric.SetIngressAsync(server.InstanceId, [fixture.SshFromCaller, new IngressRule("-1", -1, -1, IPNetwork.Parse("172.31.0.0/16"))], None);
        await fixture.SshAsync(server, "nohup python3 -c 'import socket; s=socket.create_server((\"\",7000)); c,a=s.accept(); c.sendall(a[0].encode())' >/dev/null 2>&1 &");
        await Deadline.UntilAsync(
            async () => (await fixture.SshAsync(client, $"bash -c 'cat </dev/tcp/{server.PublicAddress}/7000' 2>/dev/null || true")) == client.PublicAddress!.ToString(),
            "the peer is the public address");
    }

    [ContainerFact]
    public async Task Hosts_reach_nothing_of_this_machine()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork);
        var spec = await fixture.StartAsync();

        foreach (var address in own.Append(fixture.Fabric.CallerAddress).Append(IPAddress.Parse("1.1.1.1")).Append(IPAddress.Loopback))
            Assert.Equal("no", await fixture.SshAsync(spec, $"timeout 1 bash -c 'cat </dev/tcp/{address}/{port}' 2>/dev/null || echo no"));
    }

    [ContainerFact]
    public async Task A_host_that_is_cut_off_hangs_and_a_connection_survives_a_short_cut()
    {
        var spec = await fixture.StartAsync();
        var running = fixture.TrySshAsync(spec, "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done");

        await fixture.Fabric.SetNetworkAsync(spec.InstanceId, connected: false, None);
        Assert.False(await ReachesAsync(spec.PublicAddress!, 22));
        await fixture.Fabric.SetNetworkAsync(spec.InstanceId, connected: true, None);

        await fixture.UntilSshAsync(spec);
        var (code, output, _) = await running;
        Assert.True(code == 0 && output.EndsWith("8\n", StringComparison.Ordinal) || code == 255, $"{code} {output}");
    }

    [ContainerFact]
    public async Task Metadata_is_asked_for_at_its_address_and_the_asker_is_known_by_his_own()
    {
        var spec = await fixture.StartAsync();
        var answering = Task.Run(async () =>
        {
            using var connection = await fixture.Fabric.MetadataSocket!.AcceptAsync();
            await connection.ReceiveAsync(new byte[1024]);
            var asker = ((IPEndPoint)connection.RemoteEndPoint!).Address.ToString();
            await connection.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 200 OK\r\nContent-Length: {asker.Length}\r\n\r\n{asker}"));
        });

        Assert.Equal(spec.PrivateAddress.ToString(), await fixture.SshAsync(spec, "curl -s -m 5 http://169.254.169.254/latest/meta-data/"));
        await answering;
    }

    private static async Task<bool> ReachesAsync(IPAddress address, int port)
    {
        using var socket = new TcpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            await socket.ConnectAsync(address, port, limit.Token);
            return true;
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            return false;
        }
    }
}
