using Amazon.EC2.Model;
using Amazon.IdentityManagement.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>What the supervisor does when EC2 takes a machine away: another one, wherever there is room.</summary>
public sealed class SupervisorTests(HostedJobFixture cloud, ITestOutputHelper output) : SupervisedJobTests(cloud, output), IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task WithNobodysComputerOnANoticeBringsTheJobToAnotherMachine()
    {
        var job = await BeginAsync("alone's", machines: 2);
        await Cloud.ForgetCallsAsync();
        await Until.TrueAsync(async () => (await LinesAsync(job)) > 60, "some time in which nothing happens", 60);
        Assert.Empty(await Cloud.CallsAsync());
        Output.WriteLine("supervisor, kB resident: " + (await ThereAsync(
            $"grep VmRSS /proc/$(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)/status | tr -dc 0-9")).Trim());
        // As after a restart of the monitor: the next thing that the job sends wakes another one.
        var pid = $"cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid";
        var first = await ThereAsync(pid);
        await ThereAsync($"kill -9 $({pid})");
        await Until.TrueAsync(async () => await ThereAsync(pid) != first, "there is another supervisor", 60);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        var noticed = DateTimeOffset.UtcNow;
        await OverAsync(job);
        var calls = await Cloud.CallsAsync();
        Output.WriteLine(string.Join(' ', calls));
        Assert.Empty(calls.Except(["DescribeInstances", "DescribeSpotInstanceRequests", "RunInstances", "CreateTags", "TerminateInstances"]));
        var over = await FoundAsync(job);
        await CompleteAsync(over, machines: 2);
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.All(over.Recovery.Attempts, a => Assert.True(a is { IsSpot: true, InstanceType: "t3.micro", Started: not null }));
        Output.WriteLine($"notice to script running again: {(over.Recovery.Last.Started - noticed)!.Value.TotalSeconds:0.0} s");
        Assert.Equal("alone's", over.TargetName);
    }

    [HostedFact]
    public async Task AJobThatEndsInItsLastTwoMinutesNeedsNoOtherMachine()
    {
        var target = await Cloud.LaunchAsync("hurries", spot: true);
        // It ends well when it is told to end, and the other in its own time.
        var told = await StartAsync(target, "trap 'exit 0' TERM; while :; do sleep 1; done", new RecoveryOptions(), "told", OnExit.Terminate, 75);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = told.TargetId, seconds = 120 });
        var over = await EndAsync(told);
        Assert.Equal((JobState.Finished, 0, 1), (over.State, over.ExitCode, over.Attempt));
        await NothingIsLeftAsync(told);
        Assert.Equal(2, (await MachinesOfAsync(told)).Count);
        await Until.TrueAsync(async () => (await MachinesOfAsync(told)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);

        var job = await BeginAsync("goes", machines: 1);
        try
        {
            await Cloud.FaultAsync(new { kind = "capacity" });
            await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
            await CompleteAsync(await EndAsync(job), machines: 1);
            Assert.Single(await MachinesOfAsync(job));
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
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
        var job = await StartAsync(await Cloud.LaunchAsync("ahead", spot: true), Script, new RecoveryOptions(), "ahead", OnExit.Terminate, 75);
        await Until.TrueAsync(async () => await ThereAsync("cat fastec2/ahead/state") == "first", "the first state is on the monitor", 60);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
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
        await Cloud.FaultAsync(new { kind = "kill", instance = job.TargetId });
        await CompleteAsync(await EndAsync(job), machines: 2);
    }

    [HostedFact]
    public async Task RoomIsLookedForInOtherTypesAndOnDemand()
    {
        var job = await BeginAsync("walks", 2, new RecoveryOptions { InstanceTypes = ["t3.small"] });
        try
        {
            await Cloud.FaultAsync(new { kind = "capacity", instanceType = "t3.micro" });
            await Cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            await Cloud.FaultAsync(new { kind = "throttle", operation = "RunInstances", times = 2 });
            await Cloud.ForgetCallsAsync();
            await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
            var over = await EndAsync(job);
            Assert.Equal([("t3.micro", true), ("t3.small", false)], over.Recovery!.Attempts.Select(a => (a.InstanceType, a.IsSpot)));
            var tries = (await Cloud.CallsAsync()).Where(c => c.StartsWith("RunInstances", StringComparison.Ordinal)).ToList();
            // Three zones each: spot micro, spot small, micro on demand; then small on demand. And twice too fast for EC2.
            Assert.Equal(9, tries.Count(t => t.EndsWith(":InsufficientInstanceCapacity", StringComparison.Ordinal)));
            Assert.Equal(12, tries.Count);
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
        var job = await BeginAsync("waits", 2, new RecoveryOptions { Fallback = [RecoveryFallback.Zone] });
        try
        {
            await Cloud.FaultAsync(new { kind = "capacity", times = 8 });
            await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 15 });
            await CompleteAsync(await EndAsync(job), machines: 2);
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AFormerMachineThatEC2WouldStartAgainAndThatCouldNotBeEndedAtOnceEndsWithTheJob()
    {
        var target = await Cloud.LaunchAsync("clung", OnInterruption.Stop);
        var job = await StartAsync(target, $"LINES=40 MACHINES=2\n{Counter}", new RecoveryOptions(), "clung", OnExit.None, 30);
        await Until.TrueAsync(async () => await LinesAsync(job) > 0, "the first lines are on the monitor", 60);
        try
        {
            await Cloud.FaultAsync(new { kind = "deny", operation = "CancelSpotInstanceRequests", times = 1 });
            await Cloud.FaultAsync(new { kind = "kill", instance = target.Id });
            await OverAsync(job);
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }

        Assert.Contains("could not be ended, its spot request", await ThereAsync($"cat .fe2/jobs/{job.Id}/supervise.log"), StringComparison.Ordinal);
        Assert.Contains(await Cloud.StateOfAsync(target.Id), new[] { "shutting-down", "terminated" });
        Assert.Equal(["cancelled"], await RequestsOfAsync(target.Id));
        var over = await FoundAsync(job);
        Assert.Equal((0, 2), (over.ExitCode, over.Attempt));
        await new InstanceActions(Cloud.Session).RemoveAsync([await new InstanceQuery(Cloud.Session).GetAsync(over.TargetId)]);
    }

    [HostedFact]
    public async Task AScriptThatFailsByItselfIsStartedAgainWhereItIsOnlyIfThatWasAskedFor()
    {
        var target = await Cloud.LaunchAsync("faulty", spot: true);
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
        await using var there = await Cloud.Connector.OpenAsync(target.Ssh);
        Assert.DoesNotContain("fe2-monitor", (await there.RunAsync("cat ~/.ssh/authorized_keys")).OutputText);
    }

    [HostedFact]
    public async Task WhereTheRoleDoesNotAllowItAWarningSaysSoAndComputersThatWaitDoIt()
    {
        var target = await Cloud.LaunchAsync("refused", spot: true);
        try
        {
            await Cloud.FaultAsync(new { kind = "deny", operation = "RunInstances" });
            var reports = new List<Fe2Report>();
            var job = await StartAsync(target, $"LINES=40 MACHINES=2\n{Counter}", new RecoveryOptions(), "refused", OnExit.Terminate, null);
            Assert.False(await TheSupervisor(75).StartAsync(job, new Heard(reports)));
            var warning = Assert.Single(reports.OfType<WarningReport>());
            Assert.Contains("UnauthorizedOperation", warning.Message);
            Assert.Contains("Wait-Fe2Script refused", warning.Message);
            await NoSupervisorIsLeftAsync(job);
            await Cloud.ClearFaultsAsync();
            await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
            await CompleteAsync(await new JobRecovery(Cloud.Session, Cloud.Jobs).WaitAsync(job, TimeSpan.FromSeconds(300)), machines: 2);
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AMachineWithARoleOfItsOwnIsReplacedByOneWithTheSame()
    {
        await Cloud.Session.Iam.CreateRoleAsync(new CreateRoleRequest { RoleName = "reads", AssumeRolePolicyDocument = SupervisorPolicy.Trust("us-east-2") });
        await Cloud.Session.Iam.CreateInstanceProfileAsync(new CreateInstanceProfileRequest { InstanceProfileName = "reads" });
        await Cloud.Session.Iam.AddRoleToInstanceProfileAsync(new AddRoleToInstanceProfileRequest { InstanceProfileName = "reads", RoleName = "reads" });
        await new InstanceLauncher(Cloud.Session, Cloud.Connector).LaunchAsync(new LaunchRequest { Name = "roled", Spot = true, InstanceProfile = "reads" });
        var job = await StartAsync(
            await Cloud.Jobs.MachineAsync("roled"), "until [ $FE2_ATTEMPT = 2 ]; do sleep 0.2; done", new RecoveryOptions(), "roled", OnExit.None, 75);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = job.TargetId, seconds = 120 });
        var over = await EndAsync(job);
        Assert.Equal((0, 2), (over.ExitCode, over.Attempt));
        Assert.EndsWith("/reads", (await new InstanceQuery(Cloud.Session).GetAsync(over.TargetId)).IamInstanceProfile.Arn);
    }
}
