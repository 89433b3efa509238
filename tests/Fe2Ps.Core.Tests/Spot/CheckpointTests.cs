using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>The memory of scripts, on machines that cannot keep it: it is said beforehand, and the job goes on as without it.</summary>
public sealed class CheckpointTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    [Theory]
    [InlineData(null, 600)]
    [InlineData("10m", 600)]
    [InlineData("90s", 90)]
    [InlineData("1h", 3600)]
    [InlineData("1.5h", 5400)]
    [InlineData("1d", 86400)]
    [InlineData("00:00:30", 30)]
    [InlineData("5", 300)]
    public void AnIntervalIsReadAsPeopleWriteIt(string? text, int seconds) => Assert.Equal(seconds, CheckpointEvery.Parse(text).TotalSeconds);

    [Theory]
    [InlineData("9s")]
    [InlineData("2d")]
    [InlineData("soon")]
    [InlineData("m")]
    [InlineData("-5m")]
    public void AnIntervalThatIsNoneIsRefused(string text)
    {
        var error = Assert.Throws<Fe2Exception>(() => CheckpointEvery.Parse(text));
        Assert.Equal("CheckpointEveryInvalid", error.Id);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutRecoverThereIsNoNextMachine()
    {
        Assert.Equal("CheckpointNeedsRecover", Assert.Throws<Fe2Exception>(() => RecoveryPlan.Checkpoints(true, null, false)).Id);
        Assert.Null(RecoveryPlan.Checkpoints(false, null, false));
        Assert.Equal(TimeSpan.FromMinutes(10), RecoveryPlan.Checkpoints(true, null, true));
    }

    [HostedFact]
    public async Task WhereThereIsNoCriuThatIsSaidBeforeTheStartAndTheScriptIsRestarted()
    {
        var target = await cloud.LaunchAsync("plain", spot: true);
        var facts = await new RecoveryPlan(cloud.Session).OfAsync(target, new RecoveryOptions { CheckpointEvery = TimeSpan.FromMinutes(1) }, InterruptSignal.USR1);
        List<Fe2Report> reports = [];
        var job = await cloud.Jobs.Runner.StartAsync(
            await cloud.RequestAsync("echo \"start $FE2_ATTEMPT\" >> starts; until [ -e enough ]; do sleep 0.2; done", target) with { Recovery = facts }, new Heard(reports));
        var warning = Assert.Single(reports.OfType<WarningReport>(), w => w.Message.StartsWith("-Checkpoint", StringComparison.Ordinal));
        Assert.Contains("criu", warning.Message, StringComparison.Ordinal);
        Assert.Contains("started again", warning.Message, StringComparison.Ordinal);
        Assert.Null(job.Recovery!.Options.CheckpointEvery);

        var waiting = new JobRecovery(cloud.Session, cloud.Jobs).WaitAsync(job, TimeSpan.FromSeconds(200));
        await Until.TrueAsync(async () => await StartsAsync(job) == "start 1\n", "it runs", 60);
        await cloud.FaultAsync(new { kind = "kill", instance = "plain" });
        await Until.TrueAsync(async () => await StartsAsync(job) == "start 1\nstart 2\n", "it runs again", 120);
        var next = Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
        await using (var session = await cloud.Connector.OpenAsync((await cloud.Jobs.MachineAsync(next.TargetId)).Ssh))
            await session.RunAsync($"touch {ShellQuote.Home(job.Folder + "/enough")}");
        var over = await waiting;
        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(next.TargetId, default)]);
    }

    private Task<string> StartsAsync(Job job) => cloud.OnMonitorAsync($"cat {ShellQuote.Home(job.Folder + "/starts")} 2>/dev/null");

    private sealed class Heard(List<Fe2Report> reports) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value)
        {
            lock (reports)
                reports.Add(value);
        }
    }
}
