using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A monitor that was told to stop. On machines of its own: it must collect for no other test's job.</summary>
[SupportedOSPlatform("linux")]
public sealed class StoppingMonitorTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    [JobFact]
    public async Task AMonitorThatIsToStopWaitsForWhatItCollects()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "stop-gate");
        var called = Path.Combine(jobs.MonitorHost.Home, "shutdown-called");
        var collected = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; echo result > result"));
        var own = new JobRequest(jobs.Script("true"), jobs.Monitor) { Monitor = jobs.Target, OnExit = OnExit.Stop, Name = "monitor that stops" };
        var ended = await jobs.WaitAsync(await jobs.Runner.StartAsync(own));
        Assert.Equal(JobState.Finished, ended.State);
        await Until.TrueAsync(() => File.Exists(Path.Combine(jobs.MonitorHost.Home, ".fe2/leave-wanted")), "the wish is written down");
        Assert.False(File.Exists(called));

        await File.WriteAllTextAsync(gate, "");
        collected = await jobs.WaitAsync(collected);
        Assert.Equal("result\n", await File.ReadAllTextAsync(jobs.OnMonitor(collected, "result")));
        // Somewhat later, so that the target still hears that its last word has arrived.
        await Until.TrueAsync(() => File.Exists(called), "the monitor stops", 60);
        Assert.Equal((JobState.Finished, 0), ((await jobs.Catalogue.GetAsync([jobs.Target])).Single(j => j.Id == collected.Id) is var there) ? (there.State, there.ExitCode!.Value) : default);
        File.Delete(called);
    }
}
