using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Instances;

/// <summary>What can cost money when it goes wrong.</summary>
public sealed class LaunchFaultTests
{
    [Fact]
    public async Task AMachineThatNeverAnswersIsEnded()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var launcher = new InstanceLauncher(session, FakeConnector.Failing("SshNotReady"));

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            () => launcher.LaunchAsync(new LaunchRequest { Name = "spot2", Spot = true, Count = 3 }));

        Assert.Equal("SshNotReady", error.Id);
        Assert.Contains("was ended: i-", error.Message, StringComparison.Ordinal);
        Assert.Empty(await cloud.RunningAsync());
        Assert.Empty(await cloud.OpenSpotRequestsAsync());
        // The names are free again at once.
        Assert.Empty((await new InstanceQuery(session).ListAsync(new InstanceSelector { Names = ["spot2*"] })).Instances);
    }

    [Fact]
    public async Task KeepOnFailureKeepsAndNamesThem()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var launcher = new InstanceLauncher(await cloud.SessionAsync(), FakeConnector.Failing("SshNotReady"));

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            () => launcher.LaunchAsync(new LaunchRequest { Name = "od1", KeepOnFailure = true }));

        Assert.Contains(Assert.Single(await cloud.RunningAsync()), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInterruptedWaitSaysWhatRunsAndReturnsAtOnce()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var connector = FakeConnector.Silent();
        var launcher = new InstanceLauncher(await cloud.SessionAsync(), connector);
        var reports = new Reports();
        using var cancel = new CancellationTokenSource();
        Task launch = launcher.LaunchAsync(new LaunchRequest { Name = "od1" }, reports, cancel.Token);
        await Until.TrueAsync(() => !connector.Asked.IsEmpty, "the machine is probed");

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch.WaitAsync(TimeSpan.FromSeconds(1)));

        string id = Assert.Single(await cloud.RunningAsync());
        string warning = Assert.Single(reports.Warnings);
        Assert.Contains(id, warning, StringComparison.Ordinal);
        Assert.Contains("Remove-Fe2Instance", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInterruptionWhileEc2HasTheOrderLeavesNothing()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.FaultAsync(new { kind = "slow", operation = "RunInstances", seconds = 3 });
        using var cancel = new CancellationTokenSource();
        var reports = new Reports();
        Task launch = new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }, reports, cancel.Token);
        await Until.TrueAsync(() => reports.All.OfType<ProgressReport>().Any(p => p.Status.StartsWith("Asking", StringComparison.Ordinal)), "EC2 is asked");

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch.WaitAsync(TimeSpan.FromSeconds(1.5)));

        Assert.Contains("interrupted", Assert.Single(reports.Warnings), StringComparison.Ordinal);
        await Until.TrueAsync(async () => (await cloud.OperationsAsync()).Contains("TerminateInstances"), "the order is undone when its answer comes");
        await Until.TrueAsync(async () => (await cloud.RunningAsync()).Count == 0, "nothing runs");
    }

    [Fact]
    public async Task AnOrderWhoseAnswerIsLostAfterAnInterruptionIsFoundAndEnded()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.FaultAsync(new { kind = "slow", operation = "RunInstances", seconds = 1.5 });
        await cloud.FaultAsync(new { kind = "lost-answer", operation = "RunInstances" });
        // Until after the last of three attempts.
        await cloud.FaultAsync(new { kind = "late-visibility", seconds = 8 });
        using var cancel = new CancellationTokenSource();
        var reports = new Reports();
        Task launch = new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }, reports, cancel.Token);
        await Until.TrueAsync(() => reports.All.OfType<ProgressReport>().Any(p => p.Status.StartsWith("Asking", StringComparison.Ordinal)), "EC2 is asked");

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch.WaitAsync(TimeSpan.FromSeconds(1.5)));

        Assert.Contains("Get-Fe2Instance od1*", Assert.Single(reports.Warnings), StringComparison.Ordinal);
        await Until.TrueAsync(() => reports.Warnings.Any(w => w.Contains("was ended: i-", StringComparison.Ordinal)), "what came up is ended, and named");
        Assert.Empty(await cloud.RunningAsync());
    }

    [Fact]
    public async Task AnOrderThatIsRefusedAfterAnInterruptionStartedNothing()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.FaultAsync(new { kind = "error", status = 400, code = "InvalidKeyPair.NotFound", operation = "RunInstances" });
        using var cancel = new CancellationTokenSource();
        var reports = new Reports();
        Task launch = new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }, reports, cancel.Token);
        await Until.TrueAsync(async () => (await cloud.OperationsAsync()).Contains("RunInstances"), "EC2 is asked");

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => launch.WaitAsync(TimeSpan.FromSeconds(1.5)));

        Assert.EndsWith("nothing was started.", Assert.Single(reports.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInterruptionWhileAFailedLaunchIsEndedSaysSo()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.FaultAsync(new { kind = "slow", operation = "TerminateInstances", seconds = 2 });
        using var cancel = new CancellationTokenSource();
        var reports = new Reports();
        Task launch = new InstanceLauncher(session, FakeConnector.Failing("SshNotReady")).LaunchAsync(new LaunchRequest { Name = "od1" }, reports, cancel.Token);
        await Until.TrueAsync(() => reports.All.OfType<ProgressReport>().Any(p => p.Status.StartsWith("Failed", StringComparison.Ordinal)), "the launch fails");
        string id = Assert.Single(await cloud.RunningAsync());

        await cancel.CancelAsync();

        await Until.TrueAsync(() => reports.Warnings.Any(), "it is told at once");
        Assert.Contains($"{id} is being ended", reports.Warnings.First(), StringComparison.Ordinal);
        Assert.Contains(id, (await Assert.ThrowsAsync<Fe2Exception>(() => launch)).Message, StringComparison.Ordinal);
        Assert.Contains($"was ended: {id}", reports.Warnings.Last(), StringComparison.Ordinal);
        Assert.Empty(await cloud.RunningAsync());
    }

    [Theory]
    [InlineData("DescribeSpotInstanceRequests", "deny")]
    [InlineData("CancelSpotInstanceRequests", "deny")]
    [InlineData("*SpotInstanceRequests", "throttle")]
    [InlineData("DeleteTags", "deny")]
    public async Task WhatElseIsRefusedDoesNotKeepAFailedLaunchFromBeingEnded(string operation, string kind)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind, operation });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(async () =>
            await new InstanceLauncher(await cloud.SessionAsync(), FakeConnector.Failing("SshNotReady")).LaunchAsync(new LaunchRequest { Name = "spot1", Spot = true }));

        Assert.Contains("was ended: i-", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("could not be ended", error.Message, StringComparison.Ordinal);
        Assert.Empty(await cloud.RunningAsync());
    }

    [Fact]
    public async Task AZoneWithoutRoomIsPassedOver()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "capacity", zone = "us-east-2a" });
        await cloud.FaultAsync(new { kind = "capacity", zone = "us-east-2b" });

        Instance instance = Assert.Single(await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }));

        Assert.Equal("us-east-2c", instance.Placement.AvailabilityZone);
        // Each zone is asked once: a lack of room is not a hiccup.
        Assert.Equal(3, (await cloud.OperationsAsync()).Count(c => c == "RunInstances"));
    }

    [Theory]
    [InlineData("DescribeSpotInstanceRequests")]
    [InlineData("CancelSpotInstanceRequests")]
    public async Task AfterARefusedLookAtSpotRequestsTheNextZoneIsStillAsked(string operation)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "capacity", zone = "us-east-2a" });
        await cloud.FaultAsync(new { kind = "deny", operation });
        var reports = new Reports();

        Instance instance = Assert.Single(await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector())
            .LaunchAsync(new LaunchRequest { Name = "spot1", Spot = true }, reports));

        Assert.Equal("us-east-2b", instance.Placement.AvailabilityZone);
        Assert.Equal([instance.InstanceId], await cloud.RunningAsync());
        // Nothing was left open there, so only the look that was refused is worth a word.
        Assert.Equal(operation.StartsWith("Describe", StringComparison.Ordinal) ? 1 : 0, reports.Warnings.Count(w => w.Contains("spot request is left open", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NoRoomAnywhereIsAnErrorThatTellsWhatWasTried(bool spot)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "capacity" });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(async () =>
            await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "x", Spot = spot }));

        Assert.Equal(("NoCapacity", Fe2ErrorKind.Capacity), (error.Id, error.Kind));
        foreach (string zone in new[] { "us-east-2a", "us-east-2b", "us-east-2c" })
            Assert.Contains(zone, error.Message, StringComparison.Ordinal);
        Assert.Empty(await cloud.RunningAsync());
        Assert.Empty(await cloud.OpenSpotRequestsAsync());
    }

    [Theory]
    [InlineData("vcpu-limit", "QuotaExceeded")]
    [InlineData("deny", "Unauthorized")]
    public async Task ARefusalIsNotTriedElsewhere(string kind, string id)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind, operation = "RunInstances" });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(async () =>
            await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "x" }));

        Assert.Equal(id, error.Id);
        Assert.Single(await cloud.OperationsAsync(), c => c == "RunInstances");
        Assert.Empty(await cloud.RunningAsync());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task TwoUsersAtOnceGetOneMachine(double lateVisibility, bool noWait)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "late-visibility", seconds = lateVisibility });
        Task<IReadOnlyList<Instance>>[] launches =
        [
            new InstanceLauncher(await cloud.SessionAsync("ann"), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1", KeyName = "ann", NoWait = noWait }),
            new InstanceLauncher(await cloud.SessionAsync("bob"), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1", KeyName = "bob", NoWait = noWait }),
        ];
        await Task.WhenAny(Task.WhenAll(launches));

        Task<IReadOnlyList<Instance>> winner = Assert.Single(launches, l => l.IsCompletedSuccessfully);
        Task<IReadOnlyList<Instance>> loser = Assert.Single(launches, l => l.IsFaulted);
        Assert.Equal("NameTaken", Assert.IsType<Fe2Exception>(loser.Exception!.InnerException).Id);
        Assert.Equal([Assert.Single(await winner).InstanceId], await cloud.RunningAsync());
    }

    [Fact]
    public async Task HalfOfAllCallsThrottledEndsWell()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "throttle", rate = 0.5 });

        IReadOnlyList<Instance> instances = await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "job", Count = 3 });

        Assert.Equal(instances.Select(i => i.InstanceId).Order(), (await cloud.RunningAsync()).Order());
        Assert.Equal(3, instances.Count);
    }

    [Fact]
    public async Task EveryThirdCallFailingEndsWell()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "error", status = 500, every = 3 });

        Instance instance = Assert.Single(await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1", Spot = true }));

        Assert.Equal([instance.InstanceId], await cloud.RunningAsync());
    }

    [Fact]
    public async Task ALostAnswerDoesNotLaunchTwice()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "reset", operation = "RunInstances", times = 1 });

        Instance instance = Assert.Single(await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }));

        Assert.Equal([instance.InstanceId], await cloud.RunningAsync());
    }

    [Fact]
    public async Task LateVisibilityOfTenSecondsEndsWell()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "late-visibility", seconds = 10 });

        IReadOnlyList<Instance> instances = await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "job", Count = 2 });

        Assert.Equal(["job-1", "job-2"], instances.Select(InstanceFacts.NameOf));
        Assert.Equal(2, (await cloud.RunningAsync()).Count);
    }

    [Fact]
    public async Task AFailureWhileNothingIsVisibleYetEndsWhatWasStarted()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "late-visibility", seconds = 5 });
        await cloud.FaultAsync(new { kind = "deny", operation = "CreateTags" });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(async () =>
            await new InstanceLauncher(await cloud.SessionAsync(), new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "job", Count = 2 }));

        Assert.Equal("Unauthorized", error.Id);
        Assert.Empty(await cloud.RunningAsync());
    }

    [Fact]
    public async Task WhatCannotBeEndedIsNamed()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "deny", operation = "TerminateInstances" });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(async () =>
            await new InstanceLauncher(await cloud.SessionAsync(), FakeConnector.Failing("SshNotReady")).LaunchAsync(new LaunchRequest { Name = "od1" }));

        string id = Assert.Single(await cloud.RunningAsync());
        Assert.Contains($"Remove-Fe2Instance {id}", error.Message, StringComparison.Ordinal);
    }
}
