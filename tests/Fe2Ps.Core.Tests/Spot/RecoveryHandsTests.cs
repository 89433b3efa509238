using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Who may move a job: one at a time, only what is still to be moved, and nobody after it was stopped.</summary>
public sealed class RecoveryHandsTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    private static readonly object NoRoom = new { kind = "capacity" };

    /// <summary>The natural moment to give a job up: its script has saved and ended, and there is no room for it anywhere.</summary>
    [HostedFact]
    public async Task AJobThatIsStoppedWhenItsScriptHasEndedAtTheNoticeDoesNotGoOn()
    {
        var job = await StartAsync(
            await Cloud.LaunchAsync("given-up", spot: true), "trap 'exit 75' USR1; touch up; while :; do sleep 0.2; done", new RecoveryOptions(), "given-up", OnExit.None);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls up 2>/dev/null") == "up\n", "the script is up", 60);
        await DuringAsync([NoRoom], async () =>
        {
            await InterruptAsync(job.TargetId, 120);
            var waiting = FinishAsync(job);
            await Until.TrueAsync(async () => await OnMonitorAsync(job, "head -n 1 .fe2/state") == "lost\n", "the script has ended", 100);
            await Cloud.Jobs.Control.StopAsync(Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id));
            Assert.True((await waiting).IsStopped);
        });
        Assert.Single(await MachinesOfAsync(job));
    }

    [HostedFact]
    public async Task AJobThatEndsWellWhileThereIsNoRoomIsOver()
    {
        var job = await StartAsync(
            await Cloud.LaunchAsync("ends-well", spot: true), "trap 'sleep 6; exit 0' USR1; touch up; while :; do sleep 0.2; done", new RecoveryOptions(), "ends-well", OnExit.Terminate);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls up 2>/dev/null") == "up\n", "the script is up", 60);
        await DuringAsync([NoRoom], async () =>
        {
            await InterruptAsync(job.TargetId, 120);
            var over = await FinishAsync(job);
            Assert.Equal((JobState.Finished, 0, 1), (over.State, over.ExitCode, over.Attempt));
        });
        Assert.Single(await MachinesOfAsync(job));
    }

    /// <summary>Between its look and its turn another computer has started the script.</summary>
    [HostedFact]
    public async Task AJobThatRunsIsNotMovedByWhoSawItBeforeItsStart()
    {
        var (job, target) = await BeginAsync("stale");
        await using var monitor = await JobHost.OpenAsync(Cloud.Connector, await Cloud.Jobs.MachineAsync("od1"), default);
        var facts = await RecoveryStore.ReadAsync(monitor, job.Id, default);
        var seen = job with { State = JobState.Preparing, Target = target };
        Assert.Null(await new JobMove(Cloud.Session, Cloud.Jobs, monitor, seen, "me", TimeSpan.FromSeconds(1)).RunAsync(facts, null, default));
        Assert.Contains(job.Id, await Cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"), StringComparison.Ordinal);
        await CompleteAsync(await FinishAsync(job), machines: 1);
        // Nor is a job that has finished made ready for another machine.
        Assert.Equal(0, (await monitor.TryCallAsync("lease", [job.Id, "me"], null, default)).ExitCode);
        Assert.Equal(76, (await monitor.TryCallAsync("again", [job.Id, "me"], null, default)).ExitCode);
    }

    [HostedFact]
    public async Task WhoHasLostTheJobToAnotherComputerCannotTakeItsMachineFromIt()
    {
        var (job, _) = await BeginAsync("slept");
        await using var monitor = await JobHost.OpenAsync(Cloud.Connector, await Cloud.Jobs.MachineAsync("od1"), default);
        await using (var lease = await RecoveryLease.TryTakeAsync(monitor, job.Id, "sleeper", new Hasty(), default))
        {
            Assert.NotNull(lease);
            Assert.False(lease.Lost.IsCancellationRequested);
            // As after a long sleep: another one has it.
            await Cloud.OnMonitorAsync($"echo \"somebody $(date +%s)\" > ~/.fe2/jobs/{job.Id}/lease");
            await Until.TrueAsync(() => lease.Lost.IsCancellationRequested, "it knows that it has lost it", 60);
            Assert.Equal(75, (await monitor.TryCallAsync("again", [job.Id, "sleeper"], null, default)).ExitCode);
        }

        Assert.Contains(job.Id, await Cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"), StringComparison.Ordinal);
        Assert.Equal("somebody\n", await Cloud.OnMonitorAsync($"cut -d ' ' -f 1 ~/.fe2/jobs/{job.Id}/lease; rm ~/.fe2/jobs/{job.Id}/lease"));
        await CompleteAsync(await FinishAsync(job), machines: 1);
    }

    /// <summary>Renews every tenth of a second.</summary>
    private sealed class Hasty : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime / 250, period / 250);
    }
}
