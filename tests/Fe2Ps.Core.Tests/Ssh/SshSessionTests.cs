using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

[SupportedOSPlatform("linux")]
public sealed class SshSessionTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    [SshdTheory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("no-such-command-here", 127)]
    public async Task TheRemoteExitCodeIsTheOneThatComesBack(string command, int expected)
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        Assert.Equal(expected, (await session.RunAsync(command)).ExitCode);
    }

    [SshdFact]
    public async Task OutputInputAndErrorAreBytesNotText()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        var bytes = new byte[3_000_000];
        new Random(5).NextBytes(bytes);
        var result = await session.RunAsync("tee /dev/stderr", new MemoryStream(bytes));
        Assert.True(bytes.AsSpan().SequenceEqual(result.Output));
        Assert.True(bytes.AsSpan().SequenceEqual(result.Error));
    }

    [SshdFact]
    public async Task StandardErrorThatEndsWith255IsWhole()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        var result = await session.RunAsync("printf 'one\\n\\036fe2:not-the-mark' >&2; exit 255");
        Assert.Equal((255, "one\n\u001efe2:not-the-mark"), (result.ExitCode, result.ErrorText));
    }

    [SshdFact]
    public async Task OutputComesWhileTheCommandStillRuns()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        var gate = Path.Combine(ssh.Host.Home, "gate");
        var text = new StringBuilder();
        var run = session.StreamAsync(
            "echo first; while ! [ -e ~/gate ]; do sleep 0.05; done; echo second", piece => text.Append(Encoding.UTF8.GetString(piece.Bytes.Span)));
        await Until.TrueAsync(() => text.ToString() == "first\n", "the first line arrives");
        Assert.False(run.IsCompleted);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(0, await run);
        Assert.Equal("first\nsecond\n", text.ToString());
    }

    [SshdFact]
    public async Task ACutConnectionIsAnErrorWithANextStepNotAnExitCode()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        var text = new StringBuilder();
        var run = session.StreamAsync("echo here; exec sleep 600", piece => text.Append(Encoding.UTF8.GetString(piece.Bytes.Span)));
        await Until.TrueAsync(() => text.Length > 0, "the command runs");
        ssh.Host.CutConnections();
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => run);
        Assert.Equal("ConnectionCut", error.Id);
        Assert.NotEmpty(error.NextStep);
        Assert.Equal(0, (await session.RunAsync("true")).ExitCode);
    }

    [SshdFact]
    public async Task CancellingReturnsAtOnceAndLeavesTheConnectionToOthers()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        await session.RunAsync("true");
        using var cancel = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var run = session.StreamAsync("echo x; exec sleep 600", _ => started.TrySetResult(), null, cancel.Token);
        var other = session.RunAsync("echo a; while ! [ -e ~/go-on ]; do sleep 0.05; done; echo b");
        await started.Task;
        var clock = Stopwatch.StartNew();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
        await File.WriteAllTextAsync(Path.Combine(ssh.Host.Home, "go-on"), "");
        Assert.Equal("a\nb\n", (await other).OutputText);
    }

    [SshdFact]
    public async Task MoreCommandsAtOnceThanOneConnectionTakesAllRun()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        await session.RunAsync("true");
        var results = await Task.WhenAll(Enumerable.Range(0, 14).Select(n => session.RunAsync($"sleep 0.3; echo {n}")));
        Assert.Equal(Enumerable.Range(0, 14).Select(n => $"0 {n}\n "), results.Select(r => $"{r.ExitCode} {r.OutputText} {r.ErrorText}"));
    }

    [SshdFact]
    public async Task ATunnelLeadsToThePortThereAndEndsWithItsObject()
    {
        await using var session = await ssh.Connector.OpenAsync(ssh.Target);
        // The far end of the tunnel is the sshd itself: it greets everyone.
        var local = FreePort();
        await using (await session.OpenTunnelsAsync([new Tunnel(local, ssh.Host.Port)]))
        {
            using var client = new TcpClient("127.0.0.1", local);
            var greeting = new byte[4];
            await client.GetStream().ReadExactlyAsync(greeting);
            Assert.Equal("SSH-", Encoding.ASCII.GetString(greeting));
            var taken = await Assert.ThrowsAsync<Fe2Exception>(() => session.OpenTunnelsAsync([new Tunnel(local, ssh.Host.Port)]));
            Assert.Equal("TunnelFailed", taken.Id);
        }

        Assert.Throws<SocketException>(() => new TcpClient("127.0.0.1", local));
    }

    [SshdFact]
    public async Task TheInteractiveLoginIsACommandLineThatWorks()
    {
        var local = FreePort();
        var login = await ssh.Connector.InteractiveAsync(ssh.Target, [new Tunnel(local, 80)], "echo 로그인; exit 3");
        Assert.Contains($"127.0.0.1:{local}:localhost:80", login.Arguments);
        Assert.DoesNotContain("BatchMode=yes", login.Arguments);
        using var process = Process.Start(new ProcessStartInfo(login.FileName, login.Arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Assert.Contains("로그인", await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.Equal(3, process.ExitCode);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
