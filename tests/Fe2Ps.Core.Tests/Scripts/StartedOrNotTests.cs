using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A start that is interrupted: what runs is the caller's, what does not run is taken back, and never the other way round.</summary>
[SupportedOSPlatform("linux")]
public sealed class StartedOrNotTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    private string Remote(string script) => Path.Combine(jobs.TargetHost.Home, ".fe2", script);

    private string Keys => File.ReadAllText(Path.Combine(jobs.MonitorHost.Home, ".ssh/authorized_keys"));

    [JobFact]
    public async Task CtrlCAfterTheScriptHasStartedLeavesTheJobWholeAndHandsItOver()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "ctrl-c-gate");
        var up = Path.Combine(jobs.TargetHost.Home, "ctrl-c-up");
        using var ctrlC = new CancellationTokenSource();
        // The start does not return before it is told to, although the script runs.
        await using var held = await Changed("start", text => text + $"\nwhile ! [ -e '{gate}' ]; do sleep 0.05; done\n");
        var starting = jobs.Runner.StartAsync(jobs.Request($"touch '{up}'; while ! [ -e '{gate}' ]; do sleep 0.05; done; echo result > result"), null, ctrlC.Token);
        await Until.TrueAsync(() => File.Exists(up), "the script runs");
        await ctrlC.CancelAsync();
        await Until.TrueAsync(() => starting.IsCompleted || Ssh("abandon"), "the target is asked");
        await File.WriteAllTextAsync(gate, "");
        var job = await starting;
        Assert.Contains("fe2:" + job.Id, Keys);
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("result\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, "result")));
    }

    [JobFact]
    public async Task AWrapperThatComesUpSlowlyIsNotTakenForKilled()
    {
        await using var slow = await Changed("run", text => text.Replace("\nopen_job", "\nsleep 4\nopen_job", StringComparison.Ordinal));
        var job = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("exit 4")));
        Assert.Equal((JobState.Finished, 4), (job.State, job.ExitCode));
    }

    [JobFact]
    public async Task AWrapperThatNeverComesUpIsSaidAndEverythingIsTakenBack()
    {
        await using var broken = await Changed("run", text => text.Replace("\nopen_job", "\nexit 1\nopen_job", StringComparison.Ordinal));
        jobs.Cloud.Behavior[jobs.Target.Id] = OnExit.Stop;
        var error = await Assert.ThrowsAsync<Fe2Exception>(
            () => jobs.Runner.StartAsync(jobs.Request("true") with { Name = "broken", OnExit = OnExit.Terminate }));
        Assert.Equal("ScriptStartFailed", error.Id);
        Assert.Contains("did not come up", error.Message);
        foreach (var host in new[] { jobs.TargetHost, jobs.MonitorHost })
            Assert.False(Directory.Exists(Path.Combine(host.Home, "fastec2/broken/.fe2")));
        Assert.DoesNotContain("/.fe2/receive", Keys);
        // What a shutdown does to the machine is as it was.
        Assert.Equal(OnExit.Stop, jobs.Cloud.Behavior[jobs.Target.Id]);
    }

    [JobFact]
    public async Task ATargetThatCannotBeAskedKeepsWhatMayRun()
    {
        // The line is cut in the middle of the start, and the machine answers nothing more.
        await using var mute = await Changed("start", text => text + "\nexit 3\n");
        await using var deaf = await Changed("abandon", _ => "#!/bin/sh\nexit 75\n");
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(jobs.Request("echo result > result") with { Name = "unknown" }));
        Assert.Equal("ScriptStartUnknown", error.Id);
        var job = Assert.Single(await jobs.Catalogue.GetAsync(jobs.Machines), j => j.Name == "unknown");
        Assert.Equal(job.Id, error.Target);
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("result\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, "result")));
    }

    [JobFact]
    public async Task ATextThatWasCutShortStartsNothing()
    {
        await using var host = await JobHost.OpenAsync(jobs.Connector, jobs.Target, default);
        await RemoteScripts.InstallAsync(host.Session, jobs.Target, default);
        await host.CallAsync("claim", ["cut-0a1b2c3d", "cut"], "claim", null, default);
        var folder = Path.Combine(jobs.TargetHost.Home, "fastec2/cut");
        await File.WriteAllTextAsync(Path.Combine(folder, "x.sh"), "#!/bin/sh\necho ran > ran\n");
        foreach (var text in new[] { "", "export SECRET='half", "export A='b'\nset -- 'one'\n" })
        {
            var result = await host.TryCallAsync("start", ["cut-0a1b2c3d", "x.sh"], new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)), default);
            Assert.Equal(74, result.ExitCode);
        }

        Assert.False(File.Exists(Path.Combine(folder, ".fe2/output.log")));
        await host.CallAsync("abandon", ["cut-0a1b2c3d"], "abandon", null, default);
    }

    [JobFact]
    public async Task AOneTimeSpotInstanceIsNotPromisedToStop()
    {
        jobs.Cloud.OneTimeSpot.Add(jobs.Target.Id);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(jobs.Request("true") with { Name = "spot-stop", OnExit = OnExit.Stop }));
        jobs.Cloud.OneTimeSpot.Clear();
        Assert.Equal("InstanceCannotStop", error.Id);
        Assert.False(Directory.Exists(Path.Combine(jobs.TargetHost.Home, "fastec2/spot-stop")));
    }

    /// <summary>Whether a script of the target is being run at present.</summary>
    private bool Ssh(string script) => Directory.EnumerateDirectories("/proc").Any(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Contains($"{jobs.TargetHost.Home}/.fe2/{script}\0", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });

    /// <summary>One of the target's scripts is another for a while.</summary>
    private async Task<IAsyncDisposable> Changed(string script, Func<string, string> change)
    {
        await using (var host = await JobHost.OpenAsync(jobs.Connector, jobs.Target, default))
            await RemoteScripts.InstallAsync(host.Session, jobs.Target, default);
        var original = await File.ReadAllTextAsync(Remote(script));
        var changed = change(original);
        Assert.NotEqual(original, changed);
        await Replace(changed);
        return new Restored(() => Replace(original));

        // As the installer does it: who reads the old one keeps it.
        async Task Replace(string text)
        {
            await File.WriteAllTextAsync(Remote(script) + ".test", text);
            File.SetUnixFileMode(Remote(script) + ".test", (UnixFileMode)0b111_000_000);
            File.Move(Remote(script) + ".test", Remote(script), overwrite: true);
        }
    }

    private sealed class Restored(Func<Task> restore) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await restore();
    }
}
