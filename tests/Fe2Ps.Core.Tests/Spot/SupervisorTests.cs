using Amazon.EC2.Model;
using Amazon.IdentityManagement.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs whose machines are taken away while no computer waits for them: the monitor alone brings them to their end. Each ends with every
/// line on the monitor, once and in order, and nothing left over.
/// </summary>
public sealed class SupervisorTests(HostedJobFixture cloud, ITestOutputHelper output) : IClassFixture<HostedJobFixture>
{
    /// <summary>Goes on where the lines that are there end, and ends on the last machine of the test only: no test depends on how long a launch takes.</summary>
    private const string Counter = """
        echo "machine $FE2_ATTEMPT ${FE2_RESUME-fresh} $KEPT $1" >> machines
        trap : USR1
        touch lines; n=$(wc -l < lines)
        while [ $n -lt $LINES ] || [ $FE2_ATTEMPT -lt $MACHINES ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.2; done
        echo "the end"
        """;

    private JobMachine? _monitor;

    [HostedFact]
    public async Task WithNobodysComputerOnANoticeBringsTheJobToAnotherMachine()
    {
        var job = await BeginAsync("alone's", machines: 2);
        await cloud.ForgetCallsAsync();
        await Until.TrueAsync(async () => (await LinesAsync(job)) > 60, "some time in which nothing happens", 60);
        Assert.Empty(await cloud.CallsAsync());
        output.WriteLine("supervisor, kB resident: " + (await ThereAsync(
            $"grep VmRSS /proc/$(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)/status | tr -dc 0-9")).Trim());
        // As after a restart of the monitor: the next thing that the job sends wakes another one.
        var pid = $"cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid";
        var first = await ThereAsync(pid);
        await ThereAsync($"kill -9 $({pid})");
        await Until.TrueAsync(async () => await ThereAsync(pid) != first, "there is another supervisor", 60);
        await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        var noticed = DateTimeOffset.UtcNow;
        await OverAsync(job);
        var calls = await cloud.CallsAsync();
        output.WriteLine(string.Join(' ', calls));
        Assert.Empty(calls.Except(["DescribeInstances", "DescribeSpotInstanceRequests", "RunInstances", "CreateTags", "TerminateInstances"]));
        var over = await FoundAsync(job);
        await CompleteAsync(over, machines: 2);
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.All(over.Recovery.Attempts, a => Assert.True(a is { IsSpot: true, InstanceType: "t3.micro", Started: not null }));
        output.WriteLine($"notice to script running again: {(over.Recovery.Last.Started - noticed)!.Value.TotalSeconds:0.0} s");
        Assert.Equal("alone's", over.TargetName);
    }

    [HostedFact]
    public async Task AJobThatEndsInItsLastTwoMinutesNeedsNoOtherMachine()
    {
        var target = await cloud.LaunchAsync("hurries", spot: true);
        // It ends well when it is told to end, and the other in its own time.
        var told = await StartAsync(target, "trap 'exit 0' TERM; while :; do sleep 1; done", new RecoveryOptions(), "told", OnExit.Terminate, 75);
        await cloud.FaultAsync(new { kind = "interrupt", instance = told.TargetId, seconds = 120 });
        var over = await EndAsync(told);
        Assert.Equal((JobState.Finished, 0, 1), (over.State, over.ExitCode, over.Attempt));
        await NothingIsLeftAsync(told);
        Assert.Equal(2, (await MachinesOfAsync(told)).Count);
        await Until.TrueAsync(async () => (await MachinesOfAsync(told)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);

        var job = await BeginAsync("goes", machines: 1);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
            await CompleteAsync(await EndAsync(job), machines: 1);
            Assert.Single(await MachinesOfAsync(job));
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    /// <summary>The next machine gets what is here already while the one before still works.</summary>
    [HostedFact]
    public async Task WhatWasSentAheadGivesWayToWhatCameAfterwardsAlsoOfTheSameSizeAndTime()
    {
        const string Script = """
            state() { printf '%s' $1 > state; touch -d '2026-01-02 03:04:05' state; }
            if [ -n "${FE2_RESUME-}" ]; then cp state found; exit 0; fi
            mkdir -p "a folder"; head -c 3000000 /dev/urandom > "a folder/big"; sha256sum "a folder/big" > sum
            state first
            trap 'state later; exit 1' TERM
            while :; do sleep 0.1; done
            """;
        var job = await StartAsync(await cloud.LaunchAsync("ahead", spot: true), Script, new RecoveryOptions(), "ahead", OnExit.Terminate, 75);
        await Until.TrueAsync(async () => await ThereAsync("cat fastec2/ahead/state") == "first", "the first state is on the monitor", 60);
        await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        await OverAsync(job);
        Assert.Equal("later", await ThereAsync("cat fastec2/ahead/found"));
        Assert.Equal("a folder/big: OK\n", await ThereAsync("cd fastec2/ahead && sha256sum -c sum"));
        Assert.Contains("what is here already is on i-", await ThereAsync($"cat .fe2/jobs/{job.Id}/supervise.log"), StringComparison.Ordinal);
        await NothingIsLeftAsync(job);
    }

    [HostedFact]
    public async Task AMachineThatDiesWithoutAWordIsReplaced()
    {
        var job = await BeginAsync("mute", machines: 2, silence: 35);
        await cloud.FaultAsync(new { kind = "kill", instance = job.TargetId });
        await CompleteAsync(await EndAsync(job), machines: 2);
    }

    [HostedFact]
    public async Task RoomIsLookedForInOtherTypesAndOnDemand()
    {
        var job = await BeginAsync("walks", 2, new RecoveryOptions { InstanceTypes = ["t3.small"] });
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", instanceType = "t3.micro" });
            await cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await cloud.FaultAsync(new { kind = "throttle", operation = "RunInstances", times = 2 });
            await cloud.ForgetCallsAsync();
            await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
            var over = await EndAsync(job);
            Assert.Equal([("t3.micro", true), ("t3.small", false)], over.Recovery!.Attempts.Select(a => (a.InstanceType, a.IsSpot)));
            var tries = (await cloud.CallsAsync()).Where(c => c.StartsWith("RunInstances", StringComparison.Ordinal)).ToList();
            // Three zones each: spot micro, spot small, micro on demand; then small on demand. And twice too fast for EC2.
            Assert.Equal(9, tries.Count(t => t.EndsWith(":InsufficientInstanceCapacity", StringComparison.Ordinal)));
            Assert.Equal(12, tries.Count);
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
        var job = await BeginAsync("waits", 2, new RecoveryOptions { Fallback = [RecoveryFallback.Zone] });
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", times = 8 });
            await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 15 });
            await CompleteAsync(await EndAsync(job), machines: 2);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AComputerThatWaitsAndTheSupervisorMoveTheJobOnceAndOneTakesOverFromTheOther()
    {
        var job = await BeginAsync("shared", machines: 3);
        var waiting = new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(400));
        await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        // The second machine as well: whoever was not at it the first time must be able to be.
        await Until.TrueAsync(async () => (await OnMonitorAsync(job, "cat machines")).Contains("machine 2 ", StringComparison.Ordinal), "the second machine works", 120);
        await ThereAsync($"kill -9 $(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)");
        var second = (await FoundAsync(job)).TargetId;
        await cloud.FaultAsync(new { kind = "interrupt", instance = second, seconds = 120 });
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
        var waiting = new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }
            .WaitAsync(job, TimeSpan.FromSeconds(400), cancellationToken: leaving.Token);
        await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
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
        await cloud.Jobs.Control.StopAsync(job, null, default);
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
            await cloud.FaultAsync(new { kind = "capacity" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 15 });
            await Until.TrueAsync(async () => await cloud.StateOfAsync(job.TargetId) == "terminated", "the machine is gone", 120);
            await cloud.Jobs.Control.StopAsync(await FoundAsync(job));
            // While there is no room still.
            await OverAsync(job, "lost");
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        Assert.Single(await MachinesOfAsync(job));
        Assert.True((await FoundAsync(job)).IsStopped);
        await NothingIsLeftAsync(job);
    }

    /// <summary>For a persistent spot request EC2 launches another machine when the one that it has ends.</summary>
    [HostedFact]
    public async Task AMachineThatEC2WouldLaunchAgainEndsWithItsRequestWhenItIsNotNeeded()
    {
        var target = await cloud.LaunchAsync("clings", OnInterruption.Stop);
        var job = await StartAsync(target, $"LINES=40 MACHINES=2\n{Counter}", new RecoveryOptions(), "clings", OnExit.None, 30);
        await Until.TrueAsync(async () => await LinesAsync(job) > 0, "the first lines are on the monitor", 60);
        await cloud.FaultAsync(new { kind = "kill", instance = target.Id });
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).Any(i => i.Id != target.Id), "another machine is launched", 240);
        await ThereAsync($".fe2/stop {job.Id} gone");
        await OverAsync(job, "lost");
        var next = Assert.Single(await MachinesOfAsync(job), i => i.Id != target.Id);
        Assert.Contains(next.State, new[] { "shutting-down", "terminated" });
        Assert.Equal(["cancelled"], await RequestsOfAsync(next.Id));
        await NothingIsLeftAsync(job);
        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(target.Id)]);
    }

    [HostedFact]
    public async Task AFormerMachineThatEC2WouldStartAgainAndThatCouldNotBeEndedAtOnceEndsWithTheJob()
    {
        var target = await cloud.LaunchAsync("clung", OnInterruption.Stop);
        var job = await StartAsync(target, $"LINES=40 MACHINES=2\n{Counter}", new RecoveryOptions(), "clung", OnExit.None, 30);
        await Until.TrueAsync(async () => await LinesAsync(job) > 0, "the first lines are on the monitor", 60);
        try
        {
            await cloud.FaultAsync(new { kind = "deny", operation = "CancelSpotInstanceRequests", times = 1 });
            await cloud.FaultAsync(new { kind = "kill", instance = target.Id });
            await OverAsync(job);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        Assert.Contains("could not be ended, its spot request", await ThereAsync($"cat .fe2/jobs/{job.Id}/supervise.log"), StringComparison.Ordinal);
        Assert.Contains(await cloud.StateOfAsync(target.Id), new[] { "shutting-down", "terminated" });
        Assert.Equal(["cancelled"], await RequestsOfAsync(target.Id));
        var over = await FoundAsync(job);
        Assert.Equal((0, 2), (over.ExitCode, over.Attempt));
        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(over.TargetId)]);
    }

    [HostedFact]
    public async Task AMachineThatItsOwnerEndsIsNotReplaced()
    {
        var job = await BeginAsync("unwanted", machines: 2, silence: 30);
        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync("unwanted", default)]);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls .fe2/stopped 2>/dev/null") != "", "the job is stopped", 240);
        await NothingIsLeftAsync(job);
        Assert.Single(await MachinesOfAsync(job));
        Assert.Equal((JobState.Lost, true), ((await FoundAsync(job)).State, (await FoundAsync(job)).IsStopped));
    }

    [HostedFact]
    public async Task AScriptThatFailsByItselfIsStartedAgainWhereItIsOnlyIfThatWasAskedFor()
    {
        var target = await cloud.LaunchAsync("faulty", spot: true);
        var once = await StartAsync(target, "sleep 15; exit 3", new RecoveryOptions(), "once", OnExit.None, 75);
        var thrice = await StartAsync(
            target, "echo $FE2_ATTEMPT >> tries; sleep 12; [ $FE2_ATTEMPT = 3 ]", new RecoveryOptions { RestartOnError = true }, "thrice", OnExit.None, 75);
        var over = await EndAsync(once);
        Assert.Equal((3, 1), (over.ExitCode, over.Attempt));
        await NothingIsLeftAsync(once);
        over = await EndAsync(thrice);
        Assert.Equal((0, 3), (over.ExitCode, over.Attempt));
        Assert.Equal("1\n2\n3\n", await OnMonitorAsync(over, "cat tries"));
        Assert.Single(over.Recovery!.Attempts.Select(a => a.InstanceId).Distinct());
        await NothingIsLeftAsync(thrice);
        await using var there = await cloud.Connector.OpenAsync(target.Ssh);
        Assert.DoesNotContain("fe2-monitor", (await there.RunAsync("cat ~/.ssh/authorized_keys")).OutputText);
    }

    [HostedFact]
    public async Task WhereTheRoleDoesNotAllowItAWarningSaysSoAndComputersThatWaitDoIt()
    {
        var target = await cloud.LaunchAsync("refused", spot: true);
        try
        {
            await cloud.FaultAsync(new { kind = "deny", operation = "RunInstances" });
            var reports = new List<Fe2Report>();
            var job = await StartAsync(target, $"LINES=40 MACHINES=2\n{Counter}", new RecoveryOptions(), "refused", OnExit.Terminate, null);
            Assert.False(await TheSupervisor(75).StartAsync(job, new Heard(reports)));
            var warning = Assert.Single(reports.OfType<WarningReport>());
            Assert.Contains("UnauthorizedOperation", warning.Message);
            Assert.Contains("Wait-Fe2Script refused", warning.Message);
            await NoSupervisorIsLeftAsync(job);
            await cloud.ClearFaultsAsync();
            await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
            await CompleteAsync(await new JobRecovery(cloud.Session, cloud.Jobs).WaitAsync(job, TimeSpan.FromSeconds(300)), machines: 2);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AMachineWithARoleOfItsOwnIsReplacedByOneWithTheSame()
    {
        await cloud.Session.Iam.CreateRoleAsync(new CreateRoleRequest { RoleName = "reads", AssumeRolePolicyDocument = SupervisorPolicy.Trust("us-east-2") });
        await cloud.Session.Iam.CreateInstanceProfileAsync(new CreateInstanceProfileRequest { InstanceProfileName = "reads" });
        await cloud.Session.Iam.AddRoleToInstanceProfileAsync(new AddRoleToInstanceProfileRequest { InstanceProfileName = "reads", RoleName = "reads" });
        await new InstanceLauncher(cloud.Session, cloud.Connector).LaunchAsync(new LaunchRequest { Name = "roled", Spot = true, InstanceProfile = "reads" });
        var job = await StartAsync(
            await cloud.Jobs.MachineAsync("roled"), "until [ $FE2_ATTEMPT = 2 ]; do sleep 0.2; done", new RecoveryOptions(), "roled", OnExit.None, 75);
        await cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        var over = await EndAsync(job);
        Assert.Equal((0, 2), (over.ExitCode, over.Attempt));
        Assert.EndsWith("/reads", (await new InstanceQuery(cloud.Session).GetAsync(over.TargetId)).IamInstanceProfile.Arn);
    }

    private async Task<Job> BeginAsync(string machine, int machines, RecoveryOptions? options = null, int silence = 75)
    {
        var target = await cloud.LaunchAsync(machine, spot: true);
        var job = await StartAsync(target, $"LINES=40 MACHINES={machines}\n{Counter}", options ?? new RecoveryOptions(), machine, OnExit.Terminate, silence);
        await Until.TrueAsync(async () => await LinesAsync(job) > 0, "the first lines are on the monitor", 60);
        return job;
    }

    private async Task<Job> StartAsync(JobMachine target, string script, RecoveryOptions options, string name, OnExit onExit, int? silence)
    {
        var facts = await new RecoveryPlan(cloud.Session).OfAsync(target, options, InterruptSignal.USR1);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(script, target) with
        {
            Name = name,
            Recovery = facts,
            OnExit = onExit,
            Arguments = ["an argument"],
            Environment = new Dictionary<string, string> { ["KEPT"] = "it's" },
        });
        if (silence is { } seconds)
        {
            var reports = new List<Fe2Report>();
            Assert.True(await TheSupervisor(seconds).StartAsync(job, new Heard(reports)), string.Join('\n', reports.OfType<WarningReport>().Select(r => r.Message)));
        }

        return job;
    }

    private Supervisor TheSupervisor(int silence) => new(cloud.Session, cloud.Jobs)
    {
        Silence = TimeSpan.FromSeconds(silence),
        BetweenTries = TimeSpan.FromSeconds(1),
        RolePatience = TimeSpan.FromSeconds(5),
    };

    private async Task<Job> EndAsync(Job job)
    {
        await OverAsync(job);
        return await FoundAsync(job);
    }

    /// <summary>Only looks: no computer waits.</summary>
    private async Task OverAsync(Job job, string state = "finished")
    {
        try
        {
            await Until.TrueAsync(
                async () => (await ThereAsync($"ls .fe2/jobs/{job.Id}/plan 2>/dev/null; head -n 1 {ShellQuote.Home(job.Folder + "/.fe2/state")}")) == state + "\n",
                $"the job is {state}, and the supervisor gone", 240);
        }
        finally
        {
            output.WriteLine(await ThereAsync($"cat .fe2/jobs/{job.Id}/supervise.log .fe2/jobs/{job.Id}/attempts"));
        }
    }

    private async Task<Job> FoundAsync(Job job) => Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);

    private async Task<int> LinesAsync(Job job) => int.Parse(await OnMonitorAsync(job, "cat lines 2>/dev/null | wc -l"), System.Globalization.CultureInfo.InvariantCulture);

    private async Task CompleteAsync(Job job, int machines)
    {
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        var lines = (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, Math.Max(40, lines.Length)).Select(n => $"line {n}"), lines);
        Assert.Equal(
            Enumerable.Range(1, machines).Select(n => $"machine {n} {(n == 1 ? "fresh" : "1")} it's an argument"),
            (await OnMonitorAsync(job, "cat machines")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("the end\n", await OnMonitorAsync(job, "cat .fe2/output.log"));
        Assert.Equal(machines, job.Recovery!.Attempts.Count);
        await NothingIsLeftAsync(job);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);
    }

    private async Task NothingIsLeftAsync(Job job)
    {
        Assert.DoesNotContain(job.Id, await ThereAsync("cat ~/.ssh/authorized_keys"));
        await NoSupervisorIsLeftAsync(job);
    }

    private async Task NoSupervisorIsLeftAsync(Job job) =>
        await Until.TrueAsync(
            async () => await ThereAsync($"cd .fe2/jobs/{job.Id} && ls | grep -E '^(plan|machines|cloud|s-|clock|supervise.(key|line|pid))'; pgrep -f 'supervise[^ ]* {job.Id}'") == "",
            "the supervisor has left nothing", 30);

    /// <summary>On the monitor, without a call to EC2.</summary>
    private async Task<string> ThereAsync(string command)
    {
        _monitor ??= await cloud.Jobs.MachineAsync("od1");
        await using var session = await cloud.Connector.OpenAsync(_monitor.Ssh);
        return (await session.RunAsync(command)).OutputText;
    }

    private Task<string> OnMonitorAsync(Job job, string command) => ThereAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");

    private async Task<IReadOnlyList<(string Id, string State)>> MachinesOfAsync(Job job)
    {
        var found = await new InstanceQuery(cloud.Session).ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id])], default);
        return [.. found.Select(i => (i.InstanceId, InstanceFacts.StateOf(i)))];
    }

    /// <summary>The states of an instance's spot requests.</summary>
    private async Task<IReadOnlyList<string>> RequestsOfAsync(string id)
    {
        var found = await cloud.Session.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [new Filter("instance-id", [id])] });
        return [.. found.SpotInstanceRequests.Select(r => r.State.Value)];
    }

    private sealed class Heard(List<Fe2Report> reports) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value)
        {
            lock (reports)
                reports.Add(value);
        }
    }
}
