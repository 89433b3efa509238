using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Interruptions while something else goes wrong: the metadata service, clocks, the monitor, the job's own guards.</summary>
public sealed class SurroundingsTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    private const int Few = 100;

    [HostedFact]
    public Task AMetadataServiceThatMostlyFails() => UnderAsync("flapping", new { kind = "imds-error", rate = 0.6 });

    [HostedFact]
    public Task AMetadataServiceThatIsSlow() => UnderAsync("slow-imds", new { kind = "imds-slow", seconds = 1.5 });

    [HostedFact]
    public Task ATokenThatIsNotKnownAnyMore() => UnderAsync("expired", new { kind = "imds-expired", every = 2 });

    [HostedFact]
    public Task AClockThatIsTwoMinutesAhead() => UnderAsync("ahead", new { kind = "imds-skew", seconds = 120 });

    [HostedFact]
    public Task AClockThatIsTwoMinutesBehind() => UnderAsync("behind", new { kind = "imds-skew", seconds = -120 });

    [HostedFact]
    public async Task AWatcherThatIsGone()
    {
        var (job, target) = await BeginAsync("unwatched", lines: Few);
        await OnTargetAsync(target, "pkill -KILL -f '[.]fe2/watch'");
        await InterruptAsync("unwatched", 10);
        await CompleteAsync(await FinishAsync(job), null, Few);
    }

    [HostedFact]
    public async Task AKeeperThatIsGone()
    {
        var (job, target) = await BeginAsync("unkept", lines: Few);
        await OnTargetAsync(target, "pkill -KILL -f '[.]fe2/keep'");
        await InterruptAsync("unkept", 30);
        await CompleteAsync(await FinishAsync(job), null, Few);
    }

    [HostedFact]
    public async Task ADiskThatIsFull()
    {
        const string Fill = "[ \"$FE2_ATTEMPT\" -gt 1 ] || { sleep 3; head -c 100G /dev/zero > /var/tmp/fill-$$; } 2>/dev/null &";
        var (job, _) = await BeginAsync("crammed", lines: Few, more: Fill);
        await InterruptAsync("crammed", 25);
        var over = await FinishAsync(job);
        // What could not be written there is not there; what could be is, and the job went on.
        Assert.Equal(Core.Scripts.JobState.Finished, over.State);
        Assert.Equal("yes\n", await OnMonitorAsync(over, $"grep -qx 'line {Few}' lines && echo yes"));
        await NothingIsLeftAsync(over);
    }

    [HostedFact]
    public async Task AMonitorThatIsRestartedMeanwhile()
    {
        var (job, _) = await BeginAsync("restarted", lines: 150);
        await new InstanceActions(Cloud.Session).RestartAsync([await new InstanceQuery(Cloud.Session).GetAsync("od1", default)]);
        await InterruptAsync("restarted", 60);
        await CompleteAsync(await FinishAsync(job), 2, 150);
    }

    [HostedFact]
    public async Task TwoJobsOfTwoMachinesAtOnce()
    {
        var first = BeginAsync("left", lines: Few);
        var second = BeginAsync("right", lines: Few);
        var jobs = new[] { (await first).Job, (await second).Job };
        await Task.WhenAll(jobs.Select(job => InterruptAsync(job.TargetId, 30)));
        foreach (var over in await Task.WhenAll(jobs.Select(job => FinishAsync(job))))
            await CompleteAsync(over, 2, Few);
    }

    [HostedFact]
    public async Task ANetworkThatIsCutBeforeTheNotice()
    {
        var (job, _) = await BeginAsync("islet", lines: Few);
        await Cloud.FaultAsync(new { kind = "cut", instance = "islet" });
        await InterruptAsync("islet", 15);
        await CompleteAsync(await FinishAsync(job), 2, Few);
    }

    private Task UnderAsync(string name, object fault) => DuringAsync([], async () =>
    {
        var (job, _) = await BeginAsync(name, lines: Few);
        await Cloud.FaultAsync(fault);
        await InterruptAsync(name, 30);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls .fe2/interrupted") != "", "the notice is heard", 60);
        await CompleteAsync(await FinishAsync(job), 2, Few);
    });
}
