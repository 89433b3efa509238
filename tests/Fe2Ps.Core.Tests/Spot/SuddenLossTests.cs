using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Machines that are gone without a notice, and ends that are no interruption.</summary>
public sealed class SuddenLossTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task ThreeMachinesOneAfterTheOther()
    {
        var (job, _) = await BeginAsync("thrice", lines: 200);
        await KillNowAsync("thrice");
        List<Task> killed = [];
        var over = await FinishAsync(job, next =>
        {
            if (next.Attempt <= 3) killed.Add(KillAsync(next));
        });
        await Task.WhenAll(killed);
        await CompleteAsync(over, 4, 200);
    }

    [HostedFact]
    public async Task WhileTheLastResultsAreOnTheirWay()
    {
        // Files arrive in no given order: the small sum may be there without the file that it is of.
        var (job, _) = await BeginAsync("cut-off", lines: 5, end: "sha256sum -c sum > /dev/null 2>&1 || { head -c 150000000 /dev/urandom > big; sha256sum big > sum; }");
        await Until.TrueAsync(async () => (await OnMonitorAsync(job, "ls -A | grep -c big; ls .fe2-partial 2>/dev/null")).Trim() != "0", "the large result is on its way", 60);
        await KillNowAsync("cut-off");
        var over = await FinishAsync(job);
        await CompleteAsync(over, null, 5);
        Assert.Equal("big: OK\n", await OnMonitorAsync(over, "sha256sum -c sum"));
    }

    [HostedFact]
    public async Task WhileTheMonitorIsAwayToo()
    {
        var (job, _) = await BeginAsync("both-gone", lines: 120);
        await Cloud.FaultAsync(new { kind = "cut", instance = "od1" });
        await KillNowAsync("both-gone");
        var waiting = FinishAsync(job);
        await Until.TrueAsync(async () => await Cloud.StateOfAsync(job.TargetId) == "terminated", "the machine is gone", 60);
        await Cloud.FaultAsync(new { kind = "join", instance = "od1" });
        await CompleteAsync(await waiting, 2, 120);
    }

    [HostedFact]
    public async Task AfterARecommendationToRebalance()
    {
        var (job, _) = await BeginAsync("hinted", lines: 100);
        await Cloud.FaultAsync(new { kind = "rebalance", instance = "hinted" });
        await KillNowAsync("hinted");
        await CompleteAsync(await FinishAsync(job), 2, 100);
    }

    [HostedFact]
    public async Task ByTheScriptItselfIsNoInterruption()
    {
        var (job, _) = await BeginAsync("suicide", lines: 100, more: "(sleep 3; sudo -n poweroff) &");
        var over = await FinishAsync(job);
        Assert.True(over.IsOver);
        Assert.Single(await MachinesOfAsync(job));
        await NothingIsLeftAsync(over);
    }

    [HostedFact]
    public async Task OfItsProcessesAloneTheMachineIsWell()
    {
        var (job, target) = await BeginAsync("session", lines: 80);
        await OnTargetAsync(target, "pkill -KILL -f '[.]fe2/(run|keep)'; pkill -KILL -f '[m]yscript.sh'");
        var over = await FinishAsync(job);
        await CompleteAsync(over, 2, 80);
        Assert.Single(over.Recovery!.Attempts.Select(a => a.InstanceId).Distinct());
    }

    [HostedFact]
    public async Task MoreOftenThanItMayBeStartedAgainEndsTheJobWithAllThereIs()
    {
        var (job, _) = await BeginAsync("limited", new RecoveryOptions { MaxRestarts = 1 });
        await KillNowAsync("limited");
        var killed = Task.CompletedTask;
        var over = await FinishAsync(job, next => killed = KillAsync(next));
        await killed;
        Assert.Equal(JobState.Lost, over.State);
        Assert.Contains("2 machines", over.Note);
        var lines = (await OnMonitorAsync(over, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Lines(lines.Length), lines);
        await NothingIsLeftAsync(over);
    }

    [HostedFact]
    public async Task ByItsOwnerIsNoInterruption()
    {
        var (job, _) = await BeginAsync("unwanted");
        await new InstanceActions(Cloud.Session).RemoveAsync([await new InstanceQuery(Cloud.Session).GetAsync("unwanted", default)]);
        var over = await FinishAsync(job);
        Assert.Equal((JobState.Lost, true), (over.State, over.IsStopped));
        Assert.Single(over.Recovery!.Attempts);
        Assert.Single(await MachinesOfAsync(job));
        // Also for whoever asks later.
        Assert.Equal(JobState.Lost, (await FinishAsync(over)).State);
        await NothingIsLeftAsync(over);
    }

    [HostedFact]
    public async Task OfAMachineWhoseOwnerStopsItIsNoInterruption()
    {
        var target = await Cloud.LaunchAsync("paused");
        var (job, _) = await BeginAsync("paused", target: target);
        await new InstanceActions(Cloud.Session).StopAsync([await new InstanceQuery(Cloud.Session).GetAsync("paused", default)]);
        var over = await FinishAsync(job);
        Assert.Equal((JobState.Lost, true), (over.State, over.IsStopped));
        Assert.Single(await MachinesOfAsync(job));
        // Started again, it finds that its monitor has given the job up, and does not work for nobody.
        await Cloud.StartAsync(target.Id);
        var again = await Cloud.Jobs.MachineAsync("paused");
        await Until.TrueAsync(async () => await OnTargetAsync(again, "head -n 1 ~/fastec2/paused/.fe2/state") == "lost\n", "the job is given up there too", 60);
        Assert.Equal("", await OnTargetAsync(again, "pgrep -f '[m]yscript.sh'"));
        await new InstanceActions(Cloud.Session).RemoveAsync([await new InstanceQuery(Cloud.Session).GetAsync("paused", default)]);
        await NothingIsLeftAsync(over);
    }

    [HostedFact]
    public async Task OfAJobThatIsStoppedThenIsNotMadeGood()
    {
        var (job, _) = await BeginAsync("given-up");
        await KillNowAsync("given-up");
        await Until.TrueAsync(async () => await Cloud.StateOfAsync(job.TargetId) == "terminated", "the machine is gone", 60);
        await Cloud.Jobs.Control.StopAsync(job with { Target = job.Target! with { IsRunning = false } });
        var over = await FinishAsync(job);
        Assert.Equal((JobState.Lost, true), (over.State, over.IsStopped));
        await NothingIsLeftAsync(over);
    }

    [HostedFact]
    public async Task OfAJobThatIsStoppedWhileAnotherMachineComesUp()
    {
        var (job, _) = await BeginAsync("too-late", lines: 400);
        await KillNowAsync("too-late");
        var waiting = FinishAsync(job);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).Count == 2, "the next machine is launched", 60);
        await Cloud.Jobs.Control.StopAsync(job with { Target = job.Target! with { IsRunning = false } });
        var over = await waiting;
        Assert.True(over.IsStopped);
        await NothingIsLeftAsync(over);
    }
}
