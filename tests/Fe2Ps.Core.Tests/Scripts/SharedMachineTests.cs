using System.Diagnostics;
using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A machine that works for several jobs, and a monitor that takes files from a machine it need not trust.</summary>
[SupportedOSPlatform("linux")]
public sealed class SharedMachineTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    private string Called => Path.Combine(jobs.TargetHost.Home, "shutdown-called");

    [JobFact]
    public async Task AMachineLeavesOnlyAfterItsLastJobAndInOneWay()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "leave-gate");
        var longer = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; echo result > result"));
        var first = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("true") with { OnExit = OnExit.Terminate }));
        Assert.Equal(JobState.Finished, first.State);
        await Until.TrueAsync(() => File.Exists(Path.Combine(jobs.TargetHost.Home, ".fe2/leave-wanted")), "the wish is written down");
        Assert.False(File.Exists(Called));

        var other = await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(jobs.Request("true") with { OnExit = OnExit.Stop, Name = "other end" }));
        Assert.Equal("OnExitConflicts", other.Id);
        Assert.Equal(OnExit.Terminate, jobs.Cloud.Behavior[jobs.Target.Id]);
        Assert.False(Directory.Exists(Path.Combine(jobs.MonitorHost.Home, "fastec2/other end")));

        await File.WriteAllTextAsync(gate, "");
        longer = await jobs.WaitAsync(longer);
        Assert.Equal("result\n", await File.ReadAllTextAsync(jobs.OnMonitor(longer, "result")));
        await Until.TrueAsync(() => File.Exists(Called), "the machine is shut down");
        File.Delete(Called);
    }

    [JobFact]
    public async Task AMonitorIsNotEndedByAJobOfItsOwn()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "collect-gate");
        var collected = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; echo result > result"));
        var own = new JobRequest(jobs.Script("true"), jobs.Monitor) { Monitor = jobs.Target, OnExit = OnExit.Terminate };
        own = own with { Name = "of the monitor" };
        var ended = await jobs.WaitAsync(await jobs.Runner.StartAsync(own));
        await Until.TrueAsync(
            async () => (await jobs.Catalogue.GetAsync([jobs.Monitor])).Single(j => j.Id == ended.Id).Note?.Contains("collects", StringComparison.Ordinal) == true,
            "the monitor says that it stays");
        Assert.False(File.Exists(Path.Combine(jobs.MonitorHost.Home, "shutdown-called")));
        await File.WriteAllTextAsync(gate, "");
        collected = await jobs.WaitAsync(collected);
        Assert.Equal("result\n", await File.ReadAllTextAsync(jobs.OnMonitor(collected, "result")));
        Assert.False(File.Exists(Path.Combine(jobs.MonitorHost.Home, "shutdown-called")));
    }

    [JobFact]
    public async Task LinksThatATargetPlantsOnTheMonitorLeadNowhere()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "link-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done"));
        var victim = Path.Combine(jobs.MonitorHost.Home, "victim");
        await File.WriteAllTextAsync(victim, "mine\n");
        foreach (var field in new[] { "state", "ended", "exit-code" })
            File.CreateSymbolicLink(jobs.OnMonitor(job, $".fe2/{field}.new"), victim);
        foreach (var request in new[]
        {
            "done /etc/passwd 0 2026-01-01T00:00:00Z", "done running 0 2026-01-01T00:00:00Z", "done finished 0x 2026-01-01T00:00:00Z",
            "rsync --server -rKe.iLsfxCIvu . ./", "rsync --server -rLe.iLsfxCIvu . ./", "rsync --server -rke.iLsfxCIvu . ./",
            "rsync --server -rRe.iLsfxCIvu --no-implied-dirs . ./", "rsync --server -re.iLsfxCIvu --keep-dirlinks . ./",
        })
        {
            Assert.True(Ask(job, request) is 64 or 77, request);
        }

        await File.WriteAllTextAsync(gate, "");
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("mine\n", await File.ReadAllTextAsync(victim));
        Assert.Equal("finished\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/state")));

        // A folder .fe2 that is a link to another one.
        var second = await jobs.Runner.StartAsync(jobs.Request("sleep 600"));
        var elsewhere = Directory.CreateDirectory(Path.Combine(jobs.MonitorHost.Home, "elsewhere")).FullName;
        await using var target = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        await target.RunAsync($"read -r keep _ < ~/.fe2/jobs/{second.Id}/keep.pid; kill -KILL $keep $(cat ~/.fe2/jobs/{second.Id}/lsyncd.session)");
        Directory.Delete(jobs.OnMonitor(second, ".fe2"), recursive: true);
        File.CreateSymbolicLink(jobs.OnMonitor(second, ".fe2"), elsewhere);
        Assert.Equal(77, Ask(second, "done finished 0 2026-01-01T00:00:00Z"));
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
    }

    [JobFact]
    public async Task ManyComputersInstallAtOnceAndEveryScriptIsWhole()
    {
        await using var session = await jobs.Connector.OpenAsync(jobs.Monitor.Ssh);
        await RemoteScripts.InstallAsync(session, jobs.Monitor, default);
        var folder = Path.Combine(jobs.MonitorHost.Home, ".fe2");
        Dictionary<string, string> Texts() => Directory.GetFiles(folder).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal))
            .ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        var whole = Texts();
        File.Delete(Path.Combine(folder, "version"));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RemoteScripts.InstallAsync(session, jobs.Monitor, default)));
        Assert.Equal(whole, Texts());
    }

    [JobFact]
    public async Task MachinesThatRefuseOrDoNotAnswerAreNamedAndHideNoOthers()
    {
        var job = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("true")));
        var colleague = jobs.Target with { Ssh = jobs.Target.Ssh with { Name = "of ann", User = "nobody-here", InstanceId = jobs.Target.Id } };
        var away = jobs.Target with { Ssh = jobs.Target.Ssh with { Name = "away", InstanceId = "i-away", Port = 1 } };
        var reports = new Reports();
        var found = await jobs.Catalogue.GetAsync([colleague, away, jobs.Monitor], reports);
        Assert.Contains(found, j => j.Id == job.Id);
        Assert.Contains(reports.Warnings, w => w.Contains("of ann", StringComparison.Ordinal));
        Assert.Contains(reports.Warnings, w => w.Contains("away", StringComparison.Ordinal));
    }

    private int Ask(Job job, string request)
    {
        var config = Path.Combine(jobs.TargetHost.Home, ".fe2/jobs", job.Id, "ssh_config");
        using var process = Process.Start(new ProcessStartInfo("ssh", ["-F", config, "-o", "ControlPath=none", "monitor", request])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
