using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Sandbox.Tests.Clients;

public sealed class ServeTests
{
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_ends_it_in_order(string signal)
    {
        var sandbox = new ServedSandbox();
        await sandbox.InitializeAsync();
        sandbox.Signal(signal);
        await sandbox.EndAsync();
        Assert.Equal(0, sandbox.Process.ExitCode);
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task It_ends_with_the_process_that_it_belongs_to()
    {
        using var owner = Process.Start(new ProcessStartInfo("sleep", ["600"]))!;
        var sandbox = new ServedSandbox { Arguments = ["--hosts", "none", "--exit-with", $"{owner.Id}"] };
        await sandbox.InitializeAsync();
        owner.Kill();
        await owner.WaitForExitAsync();
        await sandbox.EndAsync();
        Assert.Equal(0, sandbox.Process.ExitCode);
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task It_listens_on_this_machine_only_and_lets_no_web_page_in()
    {
        var sandbox = new ServedSandbox();
        await sandbox.InitializeAsync();
        var endpoint = new Uri(sandbox.Endpoint);
        Assert.Equal("127.0.0.1", endpoint.Host);
        foreach (var address in Dns.GetHostAddresses(Dns.GetHostName()).Where(address => !IPAddress.IsLoopback(address)))
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsAnyAsync<SocketException>(() => socket.ConnectAsync(address, endpoint.Port));
        }

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, sandbox.Endpoint + "/_sandbox/faults");
        request.Headers.Add("Origin", "https://example.com");
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(request)).StatusCode);
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task Faults_are_set_and_cleared_from_the_command_line()
    {
        var sandbox = new ServedSandbox();
        await sandbox.InitializeAsync();
        var added = await sandbox.RunAsync("dotnet", [ServedSandbox.Program, "faults", "add", "slow", "--seconds", "0.1", "--operation", "Run*"]);
        Assert.True(added.Code == 0, added.Error);
        Assert.Contains("\"seconds\":0.1", (await sandbox.RunAsync("dotnet", [ServedSandbox.Program, "faults", "list"])).Output, StringComparison.Ordinal);
        Assert.Equal("[]", (await sandbox.RunAsync("dotnet", [ServedSandbox.Program, "faults", "clear"])).Output.Trim());
        var wrong = await sandbox.RunAsync("dotnet", [ServedSandbox.Program, "faults", "add", "earthquake"]);
        Assert.Equal(1, wrong.Code);
        Assert.Contains("throttle", wrong.Error, StringComparison.Ordinal);
        await sandbox.DisposeAsync();
    }

    [Theory]
    [InlineData("--port", "99999")]
    [InlineData("--hosts", "cloud")]
    [InlineData("--speed", "warp")]
    [InlineData("--colour", "red")]
    [InlineData("--state")]
    public async Task A_wrong_option_is_named(params string[] arguments)
    {
        var (code, _, error) = await new ServedSandbox().RunAsync("dotnet", [ServedSandbox.Program, "serve", .. arguments]);
        Assert.Equal(2, code);
        Assert.Contains(arguments[0], error, StringComparison.Ordinal);
    }
}
