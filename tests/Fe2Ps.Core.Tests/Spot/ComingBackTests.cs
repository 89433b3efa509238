using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs whose machine is there again: EC2 has stopped or hibernated it and started it, or it was restarted. The job goes on there, by
/// itself, and no other machine is launched for it.
/// </summary>
public sealed partial class ComingBackTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    /// <summary>Goes on where the lines that are there end. Waits for nobody's clock: the file "enough" ends it.</summary>
    private const string Counter = """
        echo "start $FE2_ATTEMPT ${FE2_RESUME-fresh} $1" >> starts
        touch lines; n=$(wc -l < lines)
        until [ -e enough ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.1; done
        echo "the end"
        """;

    [HostedFact]
    public async Task AMachineThatEC2StopsGoesOnWithItsJobWhenItIsStartedAgain()
    {
        var target = await cloud.LaunchAsync("stops", OnInterruption.Stop);
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        var waiting = FinishAsync(job);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "stops", seconds = 4 });
            await StateAsync(target, "stopped");
            var resting = Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
            Assert.Equal(JobState.Interrupted, resting.State);
            Assert.Contains("starts it again", resting.Note, StringComparison.Ordinal);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await cloud.FaultAsync(new { kind = "room", instance = "stops" });
        await EndAsync(job, starts: 2);
        var over = await waiting;
        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Equal([target.Id, target.Id], over.Recovery.Attempts.Select(a => a.InstanceId));
        Assert.True(over.Recovery.TimeLost > TimeSpan.Zero, $"{over.Recovery.TimeLost}");
        Assert.Null(over.Interrupted);
        await CompleteAsync(over, starts: 2);
        Assert.Equal("running", await cloud.StateOfAsync(target.Id));
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AJobThatIsStoppedWhileEC2HasStoppedItsMachineIsNotStartedAgainThere()
    {
        var (target, over) = await StoppedMeanwhileAsync("halts", OnInterruption.Stop);
        Assert.Equal((JobState.Lost, true, 1), (over.State, over.IsStopped, over.Attempt));
        // As its end asks for, like any other.
        await StateAsync(target, "stopped");
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AJobThatIsStoppedWhileItsMachineHibernatesEndsWhenItWakes()
    {
        var (target, over) = await StoppedMeanwhileAsync("dozes", OnInterruption.Hibernate);
        Assert.Equal((JobState.Finished, 143, true, 1), (over.State, over.ExitCode, over.IsStopped, over.Attempt));
        await StateAsync(target, "stopped");
        await RemoveAsync(target);
    }

    private async Task<(JobMachine Target, Job Over)> StoppedMeanwhileAsync(string name, OnInterruption onInterruption)
    {
        var target = await cloud.LaunchAsync(name, onInterruption);
        var job = await StartAsync(target, Counter, new RecoveryOptions(), OnExit.Stop);
        await WritesAsync(job);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = name, seconds = 4 });
            await StateAsync(target, "stopped");
            Assert.True((await cloud.Jobs.Control.StopAsync(await KnownAsync(job))).IsStopped);
            var known = await KnownAsync(job);
            Assert.Equal((JobState.Interrupted, true), (known.State, known.IsStopped));
            Assert.Equal(
                $"stopped while EC2 has stopped {name}: it comes to its end, and its script is not started again, when EC2 starts that machine", known.Note);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await cloud.FaultAsync(new { kind = "room", instance = name });
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "head -n 1 .fe2/state") is "finished\n" or "lost\n", "the job is over", 120);
        Assert.Equal("start 1 fresh an argument\n", await OnMonitorAsync(job, "cat starts"));
        Assert.DoesNotContain(job.Id, await cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"));
        return (target, await KnownAsync(job));
    }

    [HostedFact]
    public async Task AScriptThatEndsAtTheNoticeOfAHibernationIsStartedAgainWhenItsMachineWakes()
    {
        var target = await cloud.LaunchAsync("saves", OnInterruption.Hibernate);
        var job = await StartAsync(target, "trap 'exit 75' USR1\n" + Counter, new RecoveryOptions());
        await WritesAsync(job);
        var waiting = FinishAsync(job);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "saves", seconds = 15 });
            await StateAsync(target, "stopped");
            Assert.Equal("75\n", await OnMonitorAsync(job, "cat .fe2/exit-code"));
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await cloud.FaultAsync(new { kind = "room", instance = "saves" });
        await EndAsync(job, starts: 2);
        var over = await waiting;
        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Null(over.Interrupted);
        await CompleteAsync(over, starts: 2);
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AMachineThatHibernatesGoesOnWhereItWasWithoutAnotherStart()
    {
        var target = await cloud.LaunchAsync("sleeps", OnInterruption.Hibernate);
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        var waiting = FinishAsync(job);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "sleeps", seconds = 3 });
        await StateAsync(target, "stopped");
        await StateAsync(target, "running");
        await Until.TrueAsync(async () => (await KnownAsync(job)).State == JobState.Running, "nobody speaks of the interruption any more", 90);
        await EndAsync(job, starts: 1);
        var over = await waiting;
        Assert.Equal((JobState.Finished, 0, 1), (over.State, over.ExitCode, over.Attempt));
        Assert.Null(over.Interrupted);
        await CompleteAsync(over, starts: 1);
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AJobThatRecoversGoesOnAfterARebootByItself()
    {
        var target = await cloud.LaunchAsync("reboots");
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        // Nobody waits for it, and nobody asks the machine: its own start has to do it.
        await RebootAsync(target);
        await StartsAsync(job, 2);
        await EndAsync(job, starts: 2);
        var over = await FinishAsync(await KnownAsync(job));
        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal(["restarted", null], over.Recovery!.Attempts.Select(a => a.End));
        await CompleteAsync(over, starts: 2);
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AJobThatDoesNotRecoverIsNotStartedAfterAReboot()
    {
        var target = await cloud.LaunchAsync("rests");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Counter, target));
        await WritesAsync(job);
        await RebootAsync(target);
        var over = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(90));
        Assert.True(over.State == JobState.Lost || over.ExitCode == 143, $"{over.State} {over.ExitCode}");
        Assert.Single((await OnMonitorAsync(job, "cat starts")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task OfTheBootAndSeveralComputersThatComeAtOnceOneStartsTheJob()
    {
        var target = await cloud.LaunchAsync("crowd");
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        await using (var session = await cloud.Connector.OpenAsync(target.Ssh))
        {
            // As if the power had failed, without the time of a restart in between.
            await session.RunAsync($$"""
                cd ~/.fe2/jobs/{{job.Id}} && read -r keep _ < keep.pid && read -r run _ < run.pid && kill -9 $keep && kill -9 $run; pkill -9 -f '[m]yscript.sh'
                for i in 1 2 3 4 5 6; do ~/.fe2/resume {{job.Id}} boot </dev/null & ~/.fe2/revive {{job.Id}} </dev/null & ~/.fe2/onboot & done; wait
                """);
        }

        Task<Job>[] computers = [FinishAsync(job), FinishAsync(job)];
        await EndAsync(job, starts: 2);
        foreach (var over in await Task.WhenAll(computers))
            Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        await CompleteAsync(computers[0].Result, starts: 2);
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AnImageOfTheMachineDoesNotGoOnWithItsJobs()
    {
        var target = await cloud.LaunchAsync("origin");
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        var origin = await new InstanceQuery(cloud.Session).GetAsync("origin", default);
        var image = await new ImageFreezer(cloud.Session, cloud.Connector).FreezeAsync(origin, new FreezeRequest { NoReboot = true, Wait = true });
        await new InstanceLauncher(cloud.Session, cloud.Connector).LaunchAsync(new LaunchRequest { Name = "copy", Image = image.ImageId });
        var copy = await cloud.Jobs.MachineAsync("copy");
        await using (var session = await cloud.Connector.OpenAsync(copy.Ssh))
        {
            await Until.TrueAsync(async () => (await session.RunAsync("test -e /var/lib/cloud/instance/boot-finished")).ExitCode == 0, "the copy has booted", 60);
            Assert.Equal("1\n", (await session.RunAsync($"test -s ~/.fe2/jobs/{job.Id}/recover; sh ~/.fe2/onboot; ls /var/lib/cloud/scripts/per-boot | wc -l")).OutputText);
            Assert.Equal("", (await session.RunAsync("pgrep -f '[m]yscript.sh'; pgrep -f '/[.]fe2/keep'")).OutputText);
            Assert.Equal("1\n", (await session.RunAsync($"wc -l < ~/{job.Folder}/starts")).OutputText);
        }

        await EndAsync(job, starts: 1);
        Assert.Equal(1, (await FinishAsync(job)).Attempt);
        await RemoveAsync(target);
        await RemoveAsync(copy);
    }

    [HostedFact]
    public async Task AFailingScriptIsTriedAgainOnTheMachineThatWouldHaveEndedItself()
    {
        var target = await cloud.LaunchAsync("retries", spot: true);
        var job = await StartAsync(
            target, "echo $FE2_ATTEMPT >> tries; [ $FE2_ATTEMPT = 3 ]", new RecoveryOptions { RestartOnError = true }, OnExit.Terminate);
        var over = await FinishAsync(job);
        Assert.Equal((JobState.Finished, 0, 3), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal("1\n2\n3\n", await OnMonitorAsync(over, "cat tries"));
        Assert.Equal([target.Id], over.Recovery!.Attempts.Select(a => a.InstanceId).Distinct());
        Assert.Equal(["failed", "failed", null], over.Recovery.Attempts.Select(a => a.End));
        await StateAsync(target, "terminated");
    }

    [HostedFact]
    public async Task AMachineThatDoesNotComeBackIsReplacedAndEndedWithItsRequest()
    {
        var target = await cloud.LaunchAsync("breaks", OnInterruption.Stop);
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        var waiting = FinishAsync(job);
        await cloud.FaultAsync(new { kind = "kill", instance = "breaks" });
        await EndAsync(job, starts: 2);
        var over = await waiting;
        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        Assert.NotEqual(target.Id, over.TargetId);
        await StateAsync(target, "terminated");
        await CompleteAsync(over, starts: 2);
        await RemoveAsync(await cloud.Jobs.MachineAsync(over.TargetId));
    }

    [HostedFact]
    public async Task AFormerMachineThatCouldNotBeEndedAtOnceEndsWithTheJob()
    {
        var target = await cloud.LaunchAsync("lingers", OnInterruption.Stop);
        var job = await StartAsync(target, Counter, new RecoveryOptions());
        await WritesAsync(job);
        var reports = new Storage.Reports();
        Job over;
        try
        {
            await cloud.FaultAsync(new { kind = "deny", operation = "CancelSpotInstanceRequests", times = 1 });
            var waiting = new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }
                .WaitAsync(job, TimeSpan.FromSeconds(300), report: reports);
            await cloud.FaultAsync(new { kind = "kill", instance = "lingers" });
            await EndAsync(job, starts: 2);
            over = await waiting;
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        Assert.Single(reports.All.OfType<WarningReport>(), r => r.Message.StartsWith($"{target.Id}, a former machine of the job, is left", StringComparison.Ordinal));
        await StateAsync(target, "terminated");
        var requests = await cloud.Session.Ec2.DescribeSpotInstanceRequestsAsync(
            new Amazon.EC2.Model.DescribeSpotInstanceRequestsRequest { Filters = [InstanceQuery.Filter("instance-id", [target.Id])] });
        Assert.Equal("cancelled", Assert.Single(requests.SpotInstanceRequests).State.Value);
        await RemoveAsync(await cloud.Jobs.MachineAsync(over.TargetId));
    }

    private async Task<Job> StartAsync(JobMachine target, string script, RecoveryOptions options, OnExit onExit = OnExit.None)
    {
        var facts = await new RecoveryPlan(cloud.Session).OfAsync(target, options, InterruptSignal.USR1);
        return await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(script, target) with { Recovery = facts, OnExit = onExit, Arguments = ["an argument"] });
    }

    private Task<Job> FinishAsync(Job job) =>
        new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(300));

    /// <summary>Once the script runs so often, lets it come to its end.</summary>
    private async Task EndAsync(Job job, int starts)
    {
        await StartsAsync(job, starts);
        var machine = await cloud.Jobs.MachineAsync((await KnownAsync(job)).TargetId);
        await using var session = await cloud.Connector.OpenAsync(machine.Ssh);
        Assert.Equal(0, (await session.RunAsync($"touch {ShellQuote.Home(job.Folder + "/enough")}")).ExitCode);
    }

    private async Task StartsAsync(Job job, int starts) =>
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "wc -l < starts") == $"{starts}\n", $"the monitor has {starts} starts", 120);

    private async Task WritesAsync(Job job) =>
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "test -s lines && echo yes") == "yes\n", "the first lines are on the monitor", 60);

    private async Task CompleteAsync(Job job, int starts)
    {
        var lines = (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(n => $"line {n}"), lines);
        Assert.Equal(
            Enumerable.Range(1, starts).Select(n => $"start {n} {(n == 1 ? "fresh" : "1")} an argument"),
            (await OnMonitorAsync(job, "cat starts")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("the end\n", await OnMonitorAsync(job, "cat .fe2/output.log"));
        Assert.DoesNotContain(job.Id, await cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"));
    }

    private async Task RebootAsync(JobMachine target)
    {
        var instance = await new InstanceQuery(cloud.Session).GetAsync(target.Id, default);
        await cloud.Session.Ec2.RebootInstancesAsync(new Amazon.EC2.Model.RebootInstancesRequest { InstanceIds = [instance.InstanceId] });
    }

    private async Task RemoveAsync(JobMachine target) =>
        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(target.Id, default)]);

    private Task StateAsync(JobMachine machine, string state) =>
        Until.TrueAsync(async () => await cloud.StateOfAsync(machine.Id) == state, $"{machine.Name} is {state}", 90);

    private async Task<Job> KnownAsync(Job job) => Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);

    private Task<string> OnMonitorAsync(Job job, string command) => cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");
}
