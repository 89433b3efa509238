using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs whose machines are taken away. Each ends with every line on the monitor, once and in order, the job finished, and no
/// machine left.
/// </summary>
public sealed class RecoveryTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task ANoticeBringsTheJobToAnotherMachineBeforeTheFirstIsGone()
    {
        var (job, _) = await BeginAsync("moves");
        await Cloud.FaultAsync(new { kind = "interrupt", instance = "moves", seconds = 120 });
        var noticed = DateTimeOffset.UtcNow;
        var over = await FinishAsync(job);
        Assert.True(over.Recovery!.Last.Started < noticed.AddSeconds(115), $"{over.Recovery.Last.Started} {noticed}");
        await CompleteAsync(over, machines: 2);
        Assert.Equal("asked on 1\n", await OnMonitorAsync(over, "cat saves"));
        Assert.Equal("", await OnMonitorAsync(over, "ls | grep killed-steps"));
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Equal("moves", over.TargetName);
    }

    [HostedFact]
    public async Task AMachineThatDiesWithoutNoticeIsReplaced()
    {
        var (job, _) = await BeginAsync("dies");
        await Cloud.FaultAsync(new { kind = "kill", instance = "dies" });
        await CompleteAsync(await FinishAsync(job), machines: 2);
    }

    [HostedFact]
    public async Task EveryMachineMayBeTakenAwayAlsoWhileAnotherTakesOver()
    {
        var (job, _) = await BeginAsync("again", lines: 400);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = "again", seconds = 120 });
        var moves = 0;
        var killed = Task.CompletedTask;
        var over = await FinishAsync(job, moved: next =>
        {
            // The next one at once, and the one after that without a notice.
            if (++moves == 1)
                Cloud.FaultAsync(new { kind = "interrupt", instance = next.TargetId, seconds = 20 }).Wait();
            if (moves == 2)
                killed = KillAsync(next);
        });
        await killed;
        await CompleteAsync(over, machines: 4, lines: 400);
    }

    [HostedFact]
    public async Task WhereThereIsNoRoomForSpotTheJobGoesOnOnDemand()
    {
        var (job, _) = await BeginAsync("crowded");
        try
        {
            await Cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await Cloud.FaultAsync(new { kind = "interrupt", instance = "crowded", seconds = 120 });
            var over = await FinishAsync(job);
            Assert.Equal([true, false], over.Recovery!.Attempts.Select(a => a.IsSpot));
            await CompleteAsync(over, machines: 2);
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task NoRoomAnywhereForAWhileOnlyTakesLonger()
    {
        var (job, _) = await BeginAsync("full", new RecoveryOptions { InstanceTypes = ["t3.small"] });
        try
        {
            await Cloud.FaultAsync(new { kind = "capacity", times = 20 });
            await Cloud.FaultAsync(new { kind = "interrupt", instance = "full", seconds = 15 });
            await CompleteAsync(await FinishAsync(job), machines: 2);
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AnotherComputerTakesOverFromOneThatStoppedHalfWay()
    {
        var (job, _) = await BeginAsync("handed");
        await Cloud.FaultAsync(new { kind = "interrupt", instance = "handed", seconds = 120 });
        using var gone = new CancellationTokenSource();
        var first = new JobRecovery(Cloud.Session, Cloud.Jobs).WaitAsync(job, TimeSpan.FromSeconds(200), cancellationToken: gone.Token);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).Count(i => i.State == "running") == 2, "the next machine is launched", 60);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var known = Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id);
        Assert.NotNull(known.Recovery);
        await CompleteAsync(await FinishAsync(known), machines: 2);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task TwoComputersThatWaitMoveTheJobOnce()
    {
        var (job, _) = await BeginAsync("both");
        Task<Job>[] both = [FinishAsync(job), FinishAsync(job)];
        await Cloud.FaultAsync(new { kind = "kill", instance = "both" });
        await CompleteAsync((await Task.WhenAll(both))[0], machines: 2);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task TwoJobsOfOneMachineBothGoOn()
    {
        var (job, target) = await BeginAsync("pair");
        var (other, _) = await BeginAsync("pair", name: "other", target: target);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = "pair", seconds = 120 });
        foreach (var over in await Task.WhenAll(FinishAsync(job), FinishAsync(other)))
            await CompleteAsync(over, machines: 2);
    }

    [HostedFact]
    public async Task AScriptThatFailsByItselfIsNotStartedAgainUnlessThatWasAskedFor()
    {
        var target = await Cloud.LaunchAsync("fails", spot: true);
        var once = await FinishAsync(await StartAsync(target, "exit 3", new RecoveryOptions(), "once", OnExit.None));
        Assert.Equal((JobState.Finished, 3, 1), (once.State, once.ExitCode, once.Attempt));
        var thrice = await FinishAsync(await StartAsync(
            target, "echo $FE2_ATTEMPT >> tries; [ $FE2_ATTEMPT = 3 ]", new RecoveryOptions { RestartOnError = true }, "thrice", OnExit.None));
        Assert.Equal((JobState.Finished, 0, 3), (thrice.State, thrice.ExitCode, thrice.Attempt));
        Assert.Equal("1\n2\n3\n", await OnMonitorAsync(thrice, "cat tries"));
        Assert.Single(thrice.Recovery!.Attempts.Select(a => a.InstanceId).Distinct());
    }
}
