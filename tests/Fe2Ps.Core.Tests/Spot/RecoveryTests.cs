using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs whose machines are taken away. Each ends with every line on the monitor, once and in order, the job finished, and no
/// machine left.
/// </summary>
public sealed class RecoveryTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    /// <summary>Goes on where the lines that are there end.</summary>
    private const string Counter = """
        echo "machine $FE2_ATTEMPT ${FE2_RESUME-fresh} $KEPT $1" >> machines
        trap 'echo "asked on $FE2_ATTEMPT" >> saves' USR1
        touch lines; n=$(wc -l < lines)
        while [ $n -lt $LINES ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.2 || echo $n >> killed-steps; done
        echo "the end"
        """;

    [HostedFact]
    public async Task ANoticeBringsTheJobToAnotherMachineBeforeTheFirstIsGone()
    {
        var (job, _) = await BeginAsync("moves");
        await cloud.FaultAsync(new { kind = "interrupt", instance = "moves", seconds = 120 });
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
        await cloud.FaultAsync(new { kind = "kill", instance = "dies" });
        await CompleteAsync(await FinishAsync(job), machines: 2);
    }

    [HostedFact]
    public async Task EveryMachineMayBeTakenAwayAlsoWhileAnotherTakesOver()
    {
        var (job, _) = await BeginAsync("again", lines: 400);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "again", seconds = 120 });
        var moves = 0;
        var killed = Task.CompletedTask;
        var over = await FinishAsync(job, moved: next =>
        {
            // The next one at once, and the one after that without a notice.
            if (++moves == 1)
                cloud.FaultAsync(new { kind = "interrupt", instance = next.TargetId, seconds = 20 }).Wait();
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
            await cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "crowded", seconds = 120 });
            var over = await FinishAsync(job);
            Assert.Equal([true, false], over.Recovery!.Attempts.Select(a => a.IsSpot));
            await CompleteAsync(over, machines: 2);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task NoRoomAnywhereForAWhileOnlyTakesLonger()
    {
        var (job, _) = await BeginAsync("full", new RecoveryOptions { InstanceTypes = ["t3.small"] });
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", times = 20 });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "full", seconds = 15 });
            await CompleteAsync(await FinishAsync(job), machines: 2);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AnotherComputerTakesOverFromOneThatStoppedHalfWay()
    {
        var (job, _) = await BeginAsync("handed");
        await cloud.FaultAsync(new { kind = "interrupt", instance = "handed", seconds = 120 });
        using var gone = new CancellationTokenSource();
        var first = new JobRecovery(cloud.Session, cloud.Jobs).WaitAsync(job, TimeSpan.FromSeconds(200), cancellationToken: gone.Token);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).Count(i => i.State == "running") == 2, "the next machine is launched", 60);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var known = Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
        Assert.NotNull(known.Recovery);
        await CompleteAsync(await FinishAsync(known), machines: 2);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task TwoComputersThatWaitMoveTheJobOnce()
    {
        var (job, _) = await BeginAsync("both");
        Task<Job>[] both = [FinishAsync(job), FinishAsync(job)];
        await cloud.FaultAsync(new { kind = "kill", instance = "both" });
        await CompleteAsync((await Task.WhenAll(both))[0], machines: 2);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task AMonitorThatIsAwayAroundTheNoticeMissesNothing()
    {
        var (job, _) = await BeginAsync("unheard", lines: 350);
        await cloud.FaultAsync(new { kind = "cut", instance = "od1" });
        await cloud.FaultAsync(new { kind = "interrupt", instance = "unheard", seconds = 120 });
        var waiting = FinishAsync(job);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Until.TrueAsync(() => clock.Elapsed > TimeSpan.FromSeconds(40), "40 s without the monitor", 60);
        await cloud.FaultAsync(new { kind = "join", instance = "od1" });
        await CompleteAsync(await waiting, machines: 2, lines: 350);
    }

    [HostedFact]
    public async Task TwoJobsOfOneMachineBothGoOn()
    {
        var (job, target) = await BeginAsync("pair");
        var (other, _) = await BeginAsync("pair", name: "other", target: target);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "pair", seconds = 120 });
        foreach (var over in await Task.WhenAll(FinishAsync(job), FinishAsync(other)))
            await CompleteAsync(over, machines: 2);
    }

    [HostedFact]
    public async Task AScriptThatFailsByItselfIsNotStartedAgainUnlessThatWasAskedFor()
    {
        var target = await cloud.LaunchAsync("fails", spot: true);
        var once = await FinishAsync(await StartAsync(target, "exit 3", new RecoveryOptions(), "once", OnExit.None));
        Assert.Equal((JobState.Finished, 3, 1), (once.State, once.ExitCode, once.Attempt));
        var thrice = await FinishAsync(await StartAsync(
            target, "echo $FE2_ATTEMPT >> tries; [ $FE2_ATTEMPT = 3 ]", new RecoveryOptions { RestartOnError = true }, "thrice", OnExit.None));
        Assert.Equal((JobState.Finished, 0, 3), (thrice.State, thrice.ExitCode, thrice.Attempt));
        Assert.Equal("1\n2\n3\n", await OnMonitorAsync(thrice, "cat tries"));
        Assert.Single(thrice.Recovery!.Attempts.Select(a => a.InstanceId).Distinct());
    }

    private async Task<(Job Job, JobMachine Target)> BeginAsync(
        string machine, RecoveryOptions? options = null, string? name = null, JobMachine? target = null, int lines = 250)
    {
        target ??= await cloud.LaunchAsync(machine, spot: true);
        var job = await StartAsync(target, $"LINES={lines}\n{Counter}", options ?? new RecoveryOptions(), name ?? machine, OnExit.Terminate);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "test -s lines && echo yes") == "yes\n", "the first lines are on the monitor", 60);
        return (job, target);
    }

    private async Task KillAsync(Job job)
    {
        await Until.TrueAsync(async () => (await OnMonitorAsync(job, "cat machines")).Contains($"machine {job.Attempt} ", StringComparison.Ordinal), "it has written", 60);
        await cloud.FaultAsync(new { kind = "kill", instance = job.TargetId });
    }

    private async Task<Job> StartAsync(JobMachine target, string script, RecoveryOptions options, string name, OnExit onExit)
    {
        var facts = await new RecoveryPlan(cloud.Session).OfAsync(target, options, InterruptSignal.USR1);
        return await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(script, target) with
        {
            Name = name,
            Recovery = facts,
            OnExit = onExit,
            Arguments = ["an argument"],
            Environment = new Dictionary<string, string> { ["KEPT"] = "it's" },
        });
    }

    private Task<Job> FinishAsync(Job job, Action<Job>? moved = null) =>
        new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(500), moved);

    private async Task CompleteAsync(Job job, int machines, int lines = 250)
    {
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal(Enumerable.Range(1, lines).Select(n => $"line {n}"), (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            Enumerable.Range(1, machines).Select(n => $"machine {n} {(n == 1 ? "fresh" : "1")} it's an argument"),
            (await OnMonitorAsync(job, "cat machines")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("the end\n", await OnMonitorAsync(job, "cat .fe2/output.log"));
        Assert.Equal(machines, job.Recovery!.Attempts.Count);
        Assert.DoesNotContain(job.Id, await cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"));
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);
    }

    private Task<string> OnMonitorAsync(Job job, string command) => cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");

    private async Task<IReadOnlyList<(string Id, string State)>> MachinesOfAsync(Job job)
    {
        var found = await new InstanceQuery(cloud.Session).ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id])], default);
        return [.. found.Select(i => (i.InstanceId, InstanceFacts.StateOf(i)))];
    }
}
