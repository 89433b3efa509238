using System.Diagnostics;
using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Tests.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>What a job's scripts do to the files of a machine that are not the job's own.</summary>
[SupportedOSPlatform("linux")]
public sealed class RemoteScriptsTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    private string Keys => Path.Combine(jobs.MonitorHost.Home, ".ssh/authorized_keys");

    [JobFact]
    public async Task ManyEditsOfAuthorizedKeysAtOnceLoseNoLine()
    {
        await using var host = await JobHost.OpenAsync(jobs.Connector, jobs.Monitor, default);
        await RemoteScripts.InstallAsync(host.Session, jobs.Monitor, default);
        // A last line without its line end, and one that only looks like a job's.
        var before = await File.ReadAllTextAsync(Keys) + "# a comment fe2:x-0\nssh-ed25519 AAAA somebody else";
        await File.WriteAllTextAsync(Keys, before);
        string[] ids = [.. Enumerable.Range(0, 12).Select(n => $"x-{n}")];
        await Task.WhenAll(ids.Select(async id =>
        {
            await host.CallAsync("claim", [id, $"keys {id}"], "claim", null, default);
            await host.CallAsync("authorize", [id, "load", "ssh-ed25519", "BBBB" + id], "authorize", null, default);
            await host.CallAsync("authorize", [id, "write", "ssh-ed25519", "BBBB" + id], "authorize", null, default);
        }));
        var lines = await File.ReadAllLinesAsync(Keys);
        Assert.Equal(before.Split('\n'), lines[..^12]);
        Assert.Equal(
            ids.Select(id => $"restrict,command=\"~/.fe2/receive {id} BBBB{id}\" ssh-ed25519 BBBB{id} fe2:{id}").Order(), lines[^12..].Order());

        await Task.WhenAll(ids.Select(id => host.CallAsync("abandon", [id], "abandon", null, default)));
        Assert.Equal(before.Split('\n'), await File.ReadAllLinesAsync(Keys));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Keys) & (UnixFileMode)0b111_111_111 & ~(UnixFileMode)0b000_100_100);
    }

    [JobFact]
    public async Task AJobsKeyOpensItsOwnFolderAndNothingElse()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "key-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done"));
        await File.WriteAllTextAsync(Path.Combine(jobs.MonitorHost.Home, "secret"), "not yours");
        var config = Path.Combine(jobs.TargetHost.Home, ".fe2/jobs", job.Id, "ssh_config");
        string[] refused =
        [
            "id", "sh -c id", "cat ~/secret", "rsync --server --sender -logDtpre.iLsfxCIvu . ../../secret",
            "rsync --server --sender -logDtpre.iLsfxCIvu . ./", "done finished", "done a b c d e", "done ../x 0 now", "",
        ];
        foreach (var request in refused)
        {
            using var process = Process.Start(new ProcessStartInfo("ssh", ["-F", config, "monitor", request])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            })!;
            process.StandardInput.Close();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode != 0, request);
            Assert.DoesNotContain("not yours", output);
            Assert.DoesNotContain("uid=", output);
        }

        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(0, (await jobs.WaitAsync(job)).ExitCode);
    }

    /// <summary>As from a machine that came in by its key just before it left, and is heard only now.</summary>
    [JobFact]
    public async Task WhoCameByAKeyThatHasLeftIsNotHeard()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "left-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; exit 3"));
        await using var host = await JobHost.OpenAsync(jobs.Connector, jobs.Monitor, default);
        foreach (var word in new[] { "done lost 1 2026-01-02T03:04:05Z", "again 2 2026-01-02T03:04:05Z 2026-01-02T03:04:05Z lost", "rsync --server -ltpre.iLsfxCIvu . ./", "hello" })
        {
            var answer = await host.Session.RunAsync($"SSH_ORIGINAL_COMMAND='{word}' ~/.fe2/receive {job.Id} AnotherKeysEnd16");
            Assert.Equal(77, answer.ExitCode);
            // The words by which keep knows that its last word was heard before.
            Assert.Contains("Permission denied", answer.ErrorText, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(gate, "");
        var over = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 3), (over.State, over.ExitCode));
        // What was said once more because its answer was lost, and heard late.
        var late = await host.Session.RunAsync($"~/.fe2/resumed {job.Id} 2 2026-01-02T03:04:05Z 2026-01-02T03:04:05Z lost");
        Assert.Equal(0, late.ExitCode);
        Assert.Equal("3\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/exit-code")));
    }

    [JobFact]
    public async Task AMachineWithoutRrsyncRestrictsByItself()
    {
        // A stand-in for the search leaves only the script's own check.
        var receive = Path.Combine(jobs.MonitorHost.Home, ".fe2/receive");
        await using (var host = await JobHost.OpenAsync(jobs.Connector, jobs.Monitor, default))
            await RemoteScripts.InstallAsync(host.Session, jobs.Monitor, default);
        var original = await File.ReadAllTextAsync(receive);
        await File.WriteAllTextAsync(receive, original.Replace("rrsync=$(find_rrsync)", "rrsync=", StringComparison.Ordinal));
        try
        {
            await AJobsKeyOpensItsOwnFolderAndNothingElse();
            var job = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("mkdir 'a b'; echo x > 'a b/새 $y'")));
            Assert.Equal("x\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, "a b/새 $y")));
        }
        finally
        {
            File.Delete(Path.Combine(jobs.TargetHost.Home, "key-gate"));
            await File.WriteAllTextAsync(receive, original);
        }
    }

    [JobFact]
    public async Task AStartThatFailsLeavesNothingBehind()
    {
        var request = jobs.Request("true") with { Name = "never", Monitor = jobs.Monitor with { Ssh = jobs.Monitor.Ssh with { User = "nobody-here" } } };
        await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(request));

        // A folder that cannot be written there.
        var folder = Directory.CreateDirectory(Path.Combine(jobs.TargetHost.Home, "fastec2"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "blocked"), "a file where the job's folder should be");
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(jobs.Request("true") with { Name = "blocked" }));
        Assert.Equal("ScriptStartFailed", error.Id);
        Assert.False(Directory.Exists(Path.Combine(jobs.MonitorHost.Home, "fastec2/blocked")));
        Assert.DoesNotContain("/.fe2/receive", await File.ReadAllTextAsync(Keys));
        Assert.DoesNotContain(await jobs.Catalogue.GetAsync(jobs.Machines), job => job.Name is "never" or "blocked");
    }

    [Fact]
    public void TheScriptsPassShellcheck()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Fe2Ps.sln")))
            folder = folder.Parent!;
        var scripts = Directory.GetFiles(Path.Combine(folder.FullName, "src/Fe2Ps.Core/Scripts/Remote"), "*.sh");
        Assert.NotEmpty(scripts);
        foreach (var shell in new[] { "/bin/dash", "/bin/bash" }.Where(File.Exists))
            Assert.All(scripts, script => SshdHost.Tool(shell, "-n", script));
        if (File.Exists("/usr/bin/shellcheck"))
            SshdHost.Tool("/usr/bin/shellcheck", ["-x", "-P", "SCRIPTDIR", .. scripts]);
    }
}
