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

    [HostedFact]
    public async Task AJobThatIsStoppedBeforeItsFolderIsSentEndsTheNextMachine() => await DroppedAsync("dropped", "~/.fe2/secret ");

    [HostedFact]
    public async Task AJobThatIsStoppedWhileItsFolderIsOnItsWayEndsTheNextMachine() => await DroppedAsync("under-way", "~/.fe2/load ");

    [HostedFact]
    public async Task AJobThatIsStoppedInTheLastSecondBeforeItsStartEndsAsIfItHadRun()
    {
        var over = await StoppedAtAsync("last-second", "~/.fe2/start ");
        Assert.Equal((JobState.Finished, true, 2), (over.State, over.IsStopped, over.Attempt));
        Assert.NotEqual(0, over.ExitCode);
        await NothingIsLeftAsync(over);
    }

    private async Task DroppedAsync(string name, string command)
    {
        var over = await StoppedAtAsync(name, command);
        Assert.Equal((JobState.Lost, true, 2), (over.State, over.IsStopped, over.Attempt));
        Assert.Equal("machine 1 fresh it's an argument\n", await OnMonitorAsync(over, "cat machines"));
        await NothingIsLeftAsync(over);
    }

    /// <summary>Another computer stops the job just before the one that brings it to its next machine runs this command, once that machine is known.</summary>
    private async Task<Job> StoppedAtAsync(string name, string command)
    {
        var (job, _) = await BeginAsync(name);
        var (isKnown, isStopped) = (false, false);
        var jobs = Meddled(async (text, input) =>
        {
            if (isKnown && !isStopped && text.StartsWith(command, StringComparison.Ordinal))
            {
                isStopped = true;
                await Cloud.OnMonitorAsync($"~/.fe2/stop {job.Id} gone");
            }

            isKnown |= IsHandIn(text);
            return (text, input);
        });
        await KillNowAsync(job.TargetId);
        var over = await new JobRecovery(Cloud.Session, jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(300));
        Assert.True(isStopped);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
        return over;
    }

    /// <summary>The computer's line is cut while it tells the monitor of the next machine: that knows the one before still, and nothing is launched twice.</summary>
    [HostedFact]
    public async Task AHandInThatIsCutShortChangesNothing()
    {
        var (job, _) = await BeginAsync("cut-short");
        var cuts = 0;
        var jobs = Meddled(async (text, input) =>
        {
            if (!IsHandIn(text))
                return (text, input);
            if (cuts++ > 0)
            {
                Assert.Equal("1\n", await Cloud.OnMonitorAsync($"grep -c . ~/.fe2/jobs/{job.Id}/attempts"));
                Assert.Contains(job.TargetId, await OnMonitorAsync(job, "cat .fe2/job.json"), StringComparison.Ordinal);
            }

            // In the middle of the one file and of the other.
            return (text, cuts > 2 ? input : new MemoryStream([.. ((MemoryStream)input!).ToArray().Take(cuts == 1 ? 100 : (int)input.Length - 10)]));
        });
        await KillNowAsync(job.TargetId);
        var over = await new JobRecovery(Cloud.Session, jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(300));
        Assert.Equal(3, cuts);
        await CompleteAsync(over, machines: 2);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    /// <summary>
    /// As when the monitor restarts in that moment. The marks of the interruption are gone, and the machine has ended itself, as the job's end asks for: that
    /// is no wish of its owner.
    /// </summary>
    [HostedFact]
    public async Task AHandInThatIsKilledInItsMiddleAnotherComputerTakesUp()
    {
        var (job, _) = await BeginAsync("half-done");
        await InterruptAsync(job.TargetId, 120);
        foreach (var next in new[] { "mv -fT next.json", "mv -fT next.attempts" })
        {
            using var leaving = new CancellationTokenSource();
            var tries = 0;
            var jobs = Meddled(async (text, input) =>
            {
                if (!IsHandIn(text))
                    return (text, input);
                // Its next try is the next computer's.
                if (tries++ > 0)
                    await leaving.CancelAsync();
                if (next == "mv -fT next.json")
                    await Until.TrueAsync(async () => await Cloud.StateOfAsync(job.TargetId) == "terminated", "the machine has ended itself", 60);
                Assert.Contains(next, text, StringComparison.Ordinal);
                return (text.Replace(next, "kill -9 $$; " + next, StringComparison.Ordinal), input);
            });
            var waiting = new JobRecovery(Cloud.Session, jobs) { BetweenTries = TimeSpan.FromSeconds(1) }
                .WaitAsync(job, TimeSpan.FromSeconds(300), cancellationToken: leaving.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            Assert.Equal("1\n", await Cloud.OnMonitorAsync($"grep -c . ~/.fe2/jobs/{job.Id}/attempts"));
        }

        var over = await FinishAsync(Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id));
        await CompleteAsync(over, machines: 2);
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    /// <summary>The same, and then somebody stops the job: the machine that was launched for it is nobody's otherwise.</summary>
    [HostedFact]
    public async Task AMachineThatWasLaunchedAndNotHandedInEndsWithAJobThatIsStopped()
    {
        var (job, _) = await BeginAsync("spare");
        using var leaving = new CancellationTokenSource();
        var jobs = Meddled(async (text, input) =>
        {
            if (IsHandIn(text))
                await leaving.CancelAsync();
            return (text, input);
        });
        await KillNowAsync(job.TargetId);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new JobRecovery(Cloud.Session, jobs).WaitAsync(job, TimeSpan.FromSeconds(300), cancellationToken: leaving.Token));
        await Cloud.Jobs.Control.StopAsync(Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id));
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
        Assert.True((await FinishAsync(Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id))).IsStopped);
        await NothingIsLeftAsync(job);
    }

    private static bool IsHandIn(string command) => command.Contains("next.attempts", StringComparison.Ordinal);

    /// <summary>A computer to whose commands something happens.</summary>
    private CloudJobs Meddled(Func<string, Stream?, Task<(string Command, Stream? Input)>> before) =>
        new(Cloud.Session, new MeddlingConnector(Cloud.Connector, before));

    /// <summary>Renews every tenth of a second.</summary>
    private sealed class Hasty : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime / 250, period / 250);
    }
}
