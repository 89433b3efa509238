using System.Diagnostics;
using System.Net;
using Fe2Ps.Core.Notebooks;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tunnels;

namespace Fe2Ps.Core.Tests.Notebooks;

/// <summary>A real Jupyter on a machine.</summary>
public sealed class NotebookServersTests(NotebookFixture cloud) : IClassFixture<NotebookFixture>
{
    [JupyterFact]
    public async Task OneIsStartedJoinedAndReachedAndItsTokenStaysASecret()
    {
        var machine = await cloud.LaunchAsync("book1");
        await using var ssh = await cloud.OpenAsync(machine);
        var reports = new Collect();
        var server = await NotebookServers.EnsureAsync(ssh, null, TimeProvider.System, reports);
        Assert.Equal((await cloud.OnAsync(machine, "pwd -P")).Trim(), server.Folder);
        Assert.Contains(NotebookServers.SessionName, await cloud.OnAsync(machine, "tmux list-sessions -F '#{session_name}'"), StringComparison.Ordinal);

        var tunnel = await TunnelRegistry.JoinAsync(cloud.Session, cloud.Connector, machine, 0, server.Port, new TunnelRequest(Owner: this), reports);
        var notebook = new NotebookInfo(server, tunnel);
        var token = notebook.Url[(notebook.Url.IndexOf("token=", StringComparison.Ordinal) + 6)..];
        Assert.Equal(48, token.Length);
        Assert.Equal(HttpStatusCode.OK, await AskAsync($"http://127.0.0.1:{tunnel.LocalPort}/api/contents?token={token}"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync($"http://127.0.0.1:{tunnel.LocalPort}/api/contents"));

        Assert.DoesNotContain(token, await ProcessesAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(token, await cloud.OnAsync(machine, $"tmux capture-pane -p -J -S - -t ={NotebookServers.SessionName}:"), StringComparison.Ordinal);
        Assert.DoesNotContain(token, $"{reports}{server}{notebook}", StringComparison.Ordinal);
        // The classic notebook leaves its files readable; nobody else gets to them.
        Assert.Equal("drwx------\n", await cloud.OnAsync(machine, "stat -c %A ~/.local/share/jupyter/runtime"));
        Assert.DoesNotContain($"0.0.0.0:{server.Port}", await cloud.OnAsync(machine, "ss -ltnH 2>/dev/null"), StringComparison.Ordinal);

        // The same again is the same server and the same tunnel.
        var again = await NotebookServers.EnsureAsync(ssh, null, TimeProvider.System);
        Assert.Equal(server.UrlAt(1), again.UrlAt(1));
        Assert.Same(tunnel, await TunnelRegistry.JoinAsync(cloud.Session, cloud.Connector, machine, 0, server.Port, new TunnelRequest(Owner: this)));

        // Another folder is another server; the first one, and what is computed in it, is left alone.
        await cloud.OnAsync(machine, "mkdir -p 'my notes'");
        var other = await NotebookServers.EnsureAsync(ssh, "my notes", TimeProvider.System);
        Assert.EndsWith("/my notes", other.Folder, StringComparison.Ordinal);
        Assert.NotEqual(server.Port, other.Port);
        Assert.Equal(HttpStatusCode.OK, await AskAsync($"http://127.0.0.1:{tunnel.LocalPort}/api/contents?token={token}"));
        await TunnelRegistry.StopOfAsync(this);

        var missing = await Assert.ThrowsAsync<Fe2Exception>(() => NotebookServers.EnsureAsync(ssh, "no such folder", TimeProvider.System));
        Assert.Equal("FileNotFound", missing.Id);
    }

    [JupyterFact]
    public async Task SeveralThatAskAtOnceGetOneServer()
    {
        var machine = await cloud.LaunchAsync("book3");
        var sessions = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cloud.OpenAsync(machine)));
        var servers = await Task.WhenAll(sessions.Select(ssh => NotebookServers.EnsureAsync(ssh, null, TimeProvider.System)));
        Assert.Single(servers.Select(s => s.UrlAt(1)).Distinct());
        Assert.Equal("1\n", await cloud.OnAsync(machine, $"tmux list-sessions -F '#{{session_name}}' | grep -c ^{NotebookServers.SessionName}"));
    }

    [JupyterFact]
    public async Task OneThatEndsAtOnceSaysWhyAndTheNextCallTriesAgain()
    {
        var machine = await cloud.LaunchAsync("book2");
        await cloud.OnAsync(machine, "mkdir -p .local/bin; printf '#!/bin/sh\\necho http://localhost/?token=$JUPYTER_TOKEN it is broken\\nexit 1\\n' > .local/bin/jupyter-lab; chmod +x .local/bin/jupyter-lab");
        await using var ssh = await cloud.OpenAsync(machine);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => NotebookServers.EnsureAsync(ssh, null, TimeProvider.System));
        Assert.Equal("JupyterFailed", error.Id);
        Assert.Contains("it is broken", error.Message, StringComparison.Ordinal);
        Assert.DoesNotMatch("[0-9a-f]{48}", error.Message);
        Assert.DoesNotContain(NotebookServers.SessionName, await cloud.OnAsync(machine, "tmux list-sessions -F '#{session_name}' 2>/dev/null"), StringComparison.Ordinal);
        await cloud.OnAsync(machine, "rm .local/bin/jupyter-lab");
        Assert.True((await NotebookServers.EnsureAsync(ssh, null, TimeProvider.System)).Port > 0);
    }

    [Theory]
    [InlineData("""{"port": 8888, "token": "a b", "base_url": "/", "root_dir": "/home/x", "secure": false}""", "http://localhost:9/?token=a%20b")]
    [InlineData("""{"port": 8889, "token": "", "base_url": "/me/", "notebook_dir": "/home/x", "secure": true}""", "https://localhost:9/me/")]
    [InlineData("""{"port": 0, "token": "t", "sock": "/run/x"}""", null)]
    [InlineData("""{"port": 88""", null)]
    [InlineData("[]", null)]
    [InlineData("", null)]
    public void TheFileOfAServerIsRead(string text, string? url)
    {
        var server = NotebookServer.Read(text);
        Assert.Equal(url, server?.UrlAt(9));
        Assert.Equal(url is null ? null : "/home/x", server?.Folder);
    }

    private static async Task<HttpStatusCode> AskAsync(string url)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var answer = await client.GetAsync(new Uri(url));
        return answer.StatusCode;
    }

    private static async Task<string> ProcessesAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("ps", ["-ewwo", "args"]) { RedirectStandardOutput = true })!;
        return await process.StandardOutput.ReadToEndAsync();
    }

    private sealed class Collect : IProgress<Fe2Report>
    {
        private readonly List<string> _reports = [];

        public void Report(Fe2Report value)
        {
            lock (_reports) _reports.Add($"{value}");
        }

        public override string ToString()
        {
            lock (_reports) return string.Join('\n', _reports);
        }
    }
}
