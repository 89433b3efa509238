using System.Runtime.Versioning;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Terminals;

namespace Fe2Ps.Core.Tests.Ssh;

/// <summary>tmux sessions of a real sshd's host.</summary>
[SupportedOSPlatform("linux")]
public sealed class TmuxTerminalTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    [SshdFact]
    public async Task AnExactNameIsMeantAndAMissingOneListsTheOthers()
    {
        // A machine of its own: which sessions there are is what this is about.
        await using SshdHost host = await SshdHost.StartAsync("alone");
        await using ISshSession session = await ssh.Connector.OpenAsync(host.Target);
        var terminal = new TmuxTerminal(session);
        Fe2Exception none = await Assert.ThrowsAsync<Fe2Exception>(() => terminal.ShowAsync("od"));
        Assert.Equal("TerminalNotFound", none.Id);
        Assert.Contains("no tmux session at all", none.Message, StringComparison.Ordinal);

        Assert.Equal("od1", await terminal.TypeAsync("od1", null, [], create: true));
        Fe2Exception other = await Assert.ThrowsAsync<Fe2Exception>(() => terminal.TypeAsync("od", "rm everything\n", []));
        Assert.Equal("TerminalNotFound", other.Id);
        Assert.Contains("'od1'", other.Message, StringComparison.Ordinal);
        Assert.DoesNotContain((await terminal.ShowAsync("od1")).Lines, l => l.Contains("everything", StringComparison.Ordinal));
        Assert.Equal("od1", (await terminal.ShowAsync(null)).Session);

        await terminal.TypeAsync("a.b 한국어", null, [], create: true);
        Assert.Equal("TerminalAmbiguous", (await Assert.ThrowsAsync<Fe2Exception>(() => terminal.ShowAsync(null))).Id);
        Assert.Equal(["a_b 한국어", "od1"], (await terminal.ListAsync()).Order(StringComparer.Ordinal));
        Directory.CreateDirectory(Path.Combine(host.Home, "fastec2"));
        await File.WriteAllTextAsync(Path.Combine(host.Home, "fastec2", "current"), "a.b 한국어\n");
        Assert.Equal("a_b 한국어", (await terminal.ShowAsync(null)).Session);
    }

    [SshdFact]
    public async Task WhatIsTypedArrivesAsItIs()
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        var terminal = new TmuxTerminal(session);
        await terminal.TypeAsync("typing", "PS1='> '; clear\n", [], create: true);
        string text = "echo 'a;b' \"$((1+1))\" 한국어 ; echo end;";
        await terminal.TypeAsync("typing", text + "\n", []);
        await ShowsAsync(terminal, "typing", "a;b 2 한국어");

        // Longer than a message between tmux and its server, and wider than the screen.
        string line = new('x', 30_000);
        await terminal.TypeAsync("typing", $"cat > ~/typed\n", []);
        foreach (string part in line.Chunk(3000).Select(c => new string(c))) await terminal.TypeAsync("typing", part + "\n", []);
        await terminal.TypeAsync("typing", null, ["C-d"]);
        await Until.TrueAsync(() => File.Exists(Path.Combine(ssh.Host.Home, "typed")) && new FileInfo(Path.Combine(ssh.Host.Home, "typed")).Length == 30_010, "all of it was typed");

        await terminal.TypeAsync("typing", "sleep 600\n", []);
        await terminal.TypeAsync("typing", null, ["C-c"]);
        await terminal.TypeAsync("typing", "echo \"code $?\"\n", []);
        await ShowsAsync(terminal, "typing", "code 130");
        Assert.Equal("KeyUnknown", (await Assert.ThrowsAsync<Fe2Exception>(() => terminal.TypeAsync("typing", null, ["Ctrl+C"]))).Id);
    }

    [SshdFact]
    public async Task TheScreenHasWholeLinesAndItsHistory()
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        var terminal = new TmuxTerminal(session);
        string wide = string.Concat(Enumerable.Repeat("0123456789", 45));
        await terminal.TypeAsync("screen", $"PS1='> '; clear; seq 200; echo {wide}\n", [], create: true);
        await ShowsAsync(terminal, "screen", wide);
        Screen screen = await terminal.ShowAsync("screen");
        Assert.DoesNotContain("100", screen.Lines);
        Assert.Equal(screen.Lines, screen.Lines.Select(l => l.TrimEnd()));
        Screen all = await terminal.ShowAsync("screen", 500);
        Assert.Contains("100", all.Lines);
    }

    [SshdFact]
    public async Task FollowingGivesEachLineOnceUntilTheSessionEnds()
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        var terminal = new TmuxTerminal(session);
        await terminal.TypeAsync("follow", "exec sh -c 'echo ready; until [ -e ~/go ]; do sleep 0.1; done; for i in $(seq 300); do echo n$i; [ $((i % 100)) != 0 ] || sleep 0.7; done; until [ -e ~/gone ]; do sleep 0.1; done'\n", [], create: true);
        var lines = new List<string>();
        Task following = terminal.FollowAsync("follow", 0, (_, some) =>
        {
            lock (lines) lines.AddRange(some);
            return Task.CompletedTask;
        });
        // Whoever begins to follow later sees the screen as it is then, and no more.
        await Until.TrueAsync(() => { lock (lines) return lines.Count > 0; }, "the first screen has come");
        await File.WriteAllTextAsync(Path.Combine(ssh.Host.Home, "go"), "");
        await Until.TrueAsync(() => { lock (lines) return lines.Contains("n299"); }, "the lines come");
        await File.WriteAllTextAsync(Path.Combine(ssh.Host.Home, "gone"), "");
        await following.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(Enumerable.Range(1, 300).Select(n => $"n{n}"), lines.Where(l => l.Length < 5 && l.StartsWith('n')));
    }

    [Fact]
    public void ScreensAreLaidOverEachOther()
    {
        var reader = new ScreenReader(0);
        Assert.Equal(["a", "b"], reader.Take(["a", "b", "$"]));
        Assert.Equal(["$ ls"], reader.Take(["a", "b", "$ ls", "$"]));
        Assert.Equal(["x", "y"], reader.Take(["b", "$ ls", "x", "y", "$"]));
        Assert.Equal([], reader.Take(["b", "$ ls", "x", "y", "$ typing"]));
        Assert.Equal(["all", "new"], reader.Take(["all", "new", "."]));
        Assert.Equal(["."], reader.Finish());
    }

    private static Task ShowsAsync(TmuxTerminal terminal, string session, string line) =>
        Until.TrueAsync(async () => (await terminal.ShowAsync(session)).Lines.Contains(line), $"the screen shows {line}");
}
