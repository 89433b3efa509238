using Amazon.EC2.Model;
using Amazon.IdentityManagement.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Who may move a job that has a supervisor: it or a computer, one at a time, and nobody after it was stopped.</summary>
public sealed class SupervisorHandsTests(HostedJobFixture cloud, ITestOutputHelper output) : SupervisedJobTests(cloud, output), IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task AComputerThatWaitsAndTheSupervisorMoveTheJobOnceAndOneTakesOverFromTheOther()
    {
        var job = await BeginAsync("shared", machines: 3);
        var waiting = new JobRecovery(Cloud.Session, Cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(400));
        await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        // The second machine as well: whoever was not at it the first time must be able to be.
        await Until.TrueAsync(async () => (await OnMonitorAsync(job, "cat machines")).Contains("machine 2 ", StringComparison.Ordinal), "the second machine works", 120);
        await ThereAsync($"kill -9 $(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)");
        var second = (await FoundAsync(job)).TargetId;
        await Cloud.FaultAsync(new { kind = "interrupt", instance = second, seconds = 120 });
        await CompleteAsync(await waiting, machines: 3);
        Assert.Equal(3, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task AMachineThatAComputerHasLaunchedAndLeftTheSupervisorGoesOnWith()
    {
        var job = await BeginAsync("left", machines: 2);
        string loop = $"$(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)";
        await ThereAsync($"kill -STOP {loop}");
        using var leaving = new CancellationTokenSource();
        var waiting = new JobRecovery(Cloud.Session, Cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }
            .WaitAsync(job, TimeSpan.FromSeconds(400), cancellationToken: leaving.Token);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        await Until.TrueAsync(async () => await ThereAsync($"grep -c . .fe2/jobs/{job.Id}/attempts") == "2\n", "the computer has another machine", 150);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await ThereAsync($"kill -CONT {loop}");
        await CompleteAsync(await EndAsync(job), machines: 2);
    }

    [HostedFact]
    public async Task AStopThatWasAskedForIsNoInterruption()
    {
        var job = await BeginAsync("stopped", machines: 2);
        await Cloud.Jobs.Control.StopAsync(job, null, default);
        var over = await EndAsync(job);
        Assert.Equal((JobState.Finished, true, 1), (over.State, over.IsStopped, over.Attempt));
        await NothingIsLeftAsync(job);
        Assert.Single(await MachinesOfAsync(job));
    }

    [HostedFact]
    public async Task AJobThatIsStoppedWhileThereIsNoRoomEndsAtOnce()
    {
        var job = await BeginAsync("calls-off", machines: 2, new RecoveryOptions { Fallback = [RecoveryFallback.Zone] });
        try
        {
            await Cloud.FaultAsync(new { kind = "capacity" });
            await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 15 });
            await Until.TrueAsync(async () => await Cloud.StateOfAsync(job.TargetId) == "terminated", "the machine is gone", 120);
            await Cloud.Jobs.Control.StopAsync(await FoundAsync(job));
            // While there is no room still.
            await OverAsync(job, "lost");
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }

        Assert.Single(await MachinesOfAsync(job));
        Assert.True((await FoundAsync(job)).IsStopped);
        await NothingIsLeftAsync(job);
    }

    /// <summary>For a persistent spot request EC2 launches another machine when the one that it has ends.</summary>
    [HostedFact]
    public async Task AMachineThatEC2WouldLaunchAgainEndsWithItsRequestWhenItIsNotNeeded()
    {
        var target = await Cloud.LaunchAsync("clings", OnInterruption.Stop);
        var job = await StartAsync(target, $"LINES=40 MACHINES=2\n{Counter}", new RecoveryOptions(), "clings", OnExit.None, 30);
        await Until.TrueAsync(async () => await LinesAsync(job) > 0, "the first lines are on the monitor", 60);
        await Cloud.FaultAsync(new { kind = "kill", instance = target.Id });
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).Any(i => i.Id != target.Id), "another machine is launched", 240);
        await ThereAsync($".fe2/stop {job.Id} gone");
        await OverAsync(job, "lost");
        var next = Assert.Single(await MachinesOfAsync(job), i => i.Id != target.Id);
        Assert.Contains(next.State, new[] { "shutting-down", "terminated" });
        Assert.Equal(["cancelled"], await RequestsOfAsync(next.Id));
        await NothingIsLeftAsync(job);
        await new InstanceActions(Cloud.Session).RemoveAsync([await new InstanceQuery(Cloud.Session).GetAsync(target.Id)]);
    }

    [HostedFact]
    public async Task AMachineThatItsOwnerEndsIsNotReplaced()
    {
        var job = await BeginAsync("unwanted", machines: 2, silence: 30);
        await new InstanceActions(Cloud.Session).RemoveAsync([await new InstanceQuery(Cloud.Session).GetAsync("unwanted", default)]);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls .fe2/stopped 2>/dev/null") != "", "the job is stopped", 240);
        await NothingIsLeftAsync(job);
        Assert.Single(await MachinesOfAsync(job));
        Assert.Equal((JobState.Lost, true), ((await FoundAsync(job)).State, (await FoundAsync(job)).IsStopped));
    }

    /// <summary>It went away before the monitor knew of the machine: the tags tell, and what lets the supervisor in is in its user data.</summary>
    [HostedFact]
    public async Task AMachineThatAComputerHasLaunchedAndNotHandedInTheSupervisorGoesOnWith()
    {
        var job = await BeginAsync("unsaid", machines: 2);
        await LeftAsync(job, "next.attempts");
        Assert.Equal("1\n", await ThereAsync($"grep -c . .fe2/jobs/{job.Id}/attempts"));
        await ThereAsync($"kill -CONT {Loop(job)}");
        await CompleteAsync(await EndAsync(job), machines: 2);
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task AMachineThatAComputerHasLaunchedAndNotHandedInEndsWithAJobThatIsStopped()
    {
        var job = await BeginAsync("unused", machines: 2);
        await LeftAsync(job, "next.attempts");
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
        await ThereAsync($".fe2/stop {job.Id} gone");
        await ThereAsync($"kill -CONT {Loop(job)}");
        await OverAsync(job, "lost");
        await NothingIsLeftAsync(job);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);
    }

    /// <summary>
    /// As when the monitor restarts in that moment. The marks of the interruption are gone, and the machine has ended itself, as the job's end asks for: that
    /// is no wish of its owner.
    /// </summary>
    [HostedFact]
    public async Task AHandInOfTheSupervisorThatIsKilledInItsMiddleIsTakenUp()
    {
        var job = await BeginAsync("halved", machines: 2);
        await ThereAsync("""
            cd .fe2 && mv again again-whole && cat > again <<'EOF' && chmod 700 again
            #!/bin/sh
            [ "$2" != here ] || exec "$HOME/.fe2/again-whole" "$@"
            until [ -e "$HOME/.fe2/go" ]; do sleep 0.1; done
            "$HOME/.fe2/again-whole" "$@"
            mv -f "$HOME/.fe2/again-whole" "$HOME/.fe2/again"
            kill -9 $PPID
            EOF
            """);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        await Until.TrueAsync(async () => await Cloud.StateOfAsync(job.TargetId) == "terminated", "the machine has ended itself", 110);
        await ThereAsync("touch .fe2/go");
        var over = await EndAsync(job);
        Assert.Equal("gone\n", await ThereAsync("rm .fe2/go; [ -e .fe2/again-whole ] || echo gone"));
        await CompleteAsync(over, machines: 2);
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Equal(2, (await MachinesOfAsync(job)).Count);
    }

    [HostedFact]
    public async Task AMachineThatRefusesTheSupervisorForGoodIsReplacedAndEnded()
    {
        var job = await BeginAsync("deaf", machines: 3);
        await LeftAsync(job, ".fe2/secret ", afterHandIn: true);
        var deaf = (await FoundAsync(job)).Recovery!.Last;
        Assert.Equal(2, deaf.Number);
        await using (var there = await Cloud.Connector.OpenAsync((await Cloud.Jobs.MachineAsync(deaf.InstanceId)).Ssh))
        {
            await Until.TrueAsync(
                async () => (await there.RunAsync("test -e /var/lib/cloud/instance/boot-finished && sed -i /fe2-monitor/d ~/.ssh/authorized_keys")).ExitCode == 0, "it lets the monitor in no more", 60);
        }

        // Five minutes otherwise.
        await ThereAsync($"echo 'refused 3' >> .fe2/jobs/{job.Id}/plan; kill -CONT {Loop(job)}");
        var over = await EndAsync(job);
        Assert.Equal((JobState.Finished, 0, 3), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal(["lost", "unstarted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Equal(deaf.InstanceId, over.Recovery.Attempts[1].InstanceId);
        Assert.Equal("machine 1 fresh it's an argument\nmachine 3 1 it's an argument\n", await OnMonitorAsync(job, "cat machines"));
        Assert.Equal(3, (await MachinesOfAsync(job)).Count);
        await NothingIsLeftAsync(job);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);
    }

    private static string Loop(Job job) => $"$(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)";

    /// <summary>The machine dies, the supervisor is held, and a computer that brings the job to another machine goes away just before it runs this command.</summary>
    private async Task LeftAsync(Job job, string command, bool afterHandIn = false)
    {
        await ThereAsync($"kill -STOP {Loop(job)}");
        using var leaving = new CancellationTokenSource();
        var mayLeave = !afterHandIn;
        var jobs = new CloudJobs(Cloud.Session, new MeddlingConnector(Cloud.Connector, async (text, input) =>
        {
            if (mayLeave && text.Contains(command, StringComparison.Ordinal))
                await leaving.CancelAsync();
            mayLeave |= text.Contains("next.attempts", StringComparison.Ordinal);
            return (text, input);
        }));
        await Cloud.FaultAsync(new { kind = "kill", instance = job.TargetId });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new JobRecovery(Cloud.Session, jobs) { BetweenTries = TimeSpan.FromSeconds(1) }
            .WaitAsync(job, TimeSpan.FromSeconds(300), cancellationToken: leaving.Token));
    }
}
