using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Instances;

public sealed class InstanceActionTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task AThousandAreOneCall()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 1000, prefix = "job-" });
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> all = (await new InstanceQuery(session).ListAsync(new InstanceSelector { States = ["running"] })).Instances;

        InstanceSelection stopped = await new InstanceActions(session).StopAsync(all);
        InstanceSelection waited = await new InstanceWaiter(session).WaitAsync(stopped.Instances, "stopped", Minute);

        Assert.Empty(stopped.Problems);
        Assert.Equal(900, waited.Instances.Count);
        Assert.Single(await cloud.OperationsAsync(), c => c == "StopInstances");
        Assert.Equal(all.Select(i => i.InstanceId), waited.Instances.Select(i => i.InstanceId));
    }

    [Fact]
    public async Task OneThatRefusesDoesNotHoldUpTheOthers()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 9, prefix = "job-" });
        Fe2Session session = await cloud.SessionAsync();
        List<Instance> all = [.. (await new InstanceQuery(session).ListAsync(new InstanceSelector())).Instances];
        all.Insert(4, new Instance { InstanceId = "i-00000000000000000", Tags = [] });

        InstanceSelection stopped = await new InstanceActions(session).StopAsync(all);

        Assert.Equal(9, stopped.Instances.Count);
        Fe2Exception problem = Assert.Single(stopped.Problems);
        Assert.Equal(("InstanceNotFound", "i-00000000000000000"), (problem.Id, problem.Target));
    }

    [Fact]
    public async Task ManyInAWrongStateCostFewCalls()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 300, prefix = "job-" });
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> all = (await new InstanceQuery(session).ListAsync(new InstanceSelector())).Instances;

        InstanceSelection restarted = await new InstanceActions(session).RestartAsync(all);

        Assert.Equal((270, 30), (restarted.Instances.Count, restarted.Problems.Count));
        Assert.All(restarted.Problems, p => Assert.Equal(("StateForbidsIt", Fe2ErrorKind.InvalidState), (p.Id, p.Kind)));
        Assert.InRange((await cloud.OperationsAsync()).Count(c => c == "RebootInstances"), 2, 4);
    }

    [Fact]
    public async Task ARefusalOfManyIsOneError()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 300, prefix = "job-" });
        await cloud.FaultAsync(new { kind = "deny", operation = "StopInstances" });
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> all = (await new InstanceQuery(session).ListAsync(new InstanceSelector())).Instances;

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceActions(session).StopAsync(all));

        Assert.Equal("Unauthorized", error.Id);
        Assert.Single(await cloud.OperationsAsync(), c => c == "StopInstances");
    }

    [Fact]
    public async Task AOneTimeSpotMachineThatIsToStopIsRefusedWithTheWaysThatThereAre()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var launcher = new InstanceLauncher(session, new FakeConnector());
        IReadOnlyList<Instance> all =
        [
            .. await launcher.LaunchAsync(new LaunchRequest { Name = "spot", Spot = true, Count = 2 }),
            .. await launcher.LaunchAsync(new LaunchRequest { Name = "od1" }),
        ];

        InstanceSelection stopped = await new InstanceActions(session).StopAsync(all);

        Assert.Equal("od1", InstanceFacts.NameOf(Assert.Single(stopped.Instances)));
        Assert.Equal(2, stopped.Problems.Count);
        Assert.All(stopped.Problems, p =>
        {
            Assert.Equal(("SpotCannotStop", Fe2ErrorKind.InvalidState), (p.Id, p.Kind));
            Assert.Contains("spot-", p.Message, StringComparison.Ordinal);
            Assert.Contains("Remove-Fe2Instance spot-", p.NextStep, StringComparison.Ordinal);
            Assert.Contains("-OnInterruption Stop", p.NextStep, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task RemovingCancelsSpotFirstAndFreesTheNameAtOnce()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var launcher = new InstanceLauncher(session, new FakeConnector());
        IReadOnlyList<Instance> first = await launcher.LaunchAsync(new LaunchRequest { Name = "spot1", Spot = true });

        InstanceSelection removed = await new InstanceActions(session).RemoveAsync(first);

        Assert.Empty(removed.Problems);
        Assert.Equal("shutting-down", InstanceFacts.StateOf(Assert.Single(removed.Instances)));
        List<string> calls = [.. await cloud.OperationsAsync()];
        Assert.True(calls.IndexOf("CancelSpotInstanceRequests") < calls.IndexOf("TerminateInstances"));
        Assert.Empty(await cloud.OpenSpotRequestsAsync());
        Instance second = Assert.Single(await launcher.LaunchAsync(new LaunchRequest { Name = "spot1" }));
        Assert.Equal([second.InstanceId], await cloud.RunningAsync());
    }

    [Fact]
    public async Task RemovingAPersistentSpotInstanceCancelsItsRequestFirst()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance instance = await PersistentAsync(session);

        InstanceSelection removed = await new InstanceActions(session).RemoveAsync([instance]);

        Assert.Empty(removed.Problems);
        List<string> calls = [.. await cloud.OperationsAsync()];
        Assert.True(calls.IndexOf("CancelSpotInstanceRequests") < calls.IndexOf("TerminateInstances"));
        Assert.Empty(await cloud.OpenSpotRequestsAsync());
    }

    [Theory]
    [InlineData("CancelSpotInstanceRequests", 1)]
    [InlineData("*SpotInstanceRequests", 1)]
    [InlineData("DeleteTags", 0)]
    public async Task RemovingEndsTheInstanceWhateverElseIsRefused(string operation, int problems)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance instance = await PersistentAsync(session);
        await cloud.FaultAsync(new { kind = "deny", operation });

        InstanceSelection removed = await new InstanceActions(session).RemoveAsync([instance]);

        Assert.Equal("shutting-down", InstanceFacts.StateOf(Assert.Single(removed.Instances)));
        Assert.Empty(await cloud.RunningAsync());
        Assert.Equal(problems, removed.Problems.Count);
        Assert.All(removed.Problems, p => Assert.Equal(("SpotRequestLeft", instance.SpotInstanceRequestId), (p.Id, p.Target)));
    }

    [Fact]
    public async Task AOneTimeRequestThatCannotBeCancelledEndsWithItsInstance()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> one = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "spot1", Spot = true });
        await cloud.FaultAsync(new { kind = "deny", operation = "CancelSpotInstanceRequests" });

        InstanceSelection removed = await new InstanceActions(session).RemoveAsync(one);

        Assert.Empty(removed.Problems);
        Assert.Empty(await cloud.RunningAsync());
        Assert.Empty(await cloud.OpenSpotRequestsAsync());
    }

    /// <summary>Launched by other means: the launcher asks for one-time requests only.</summary>
    private static async Task<Instance> PersistentAsync(Fe2Session session)
    {
        Image image = await new Fe2Ps.Core.Images.ImageFinder(session).GetAsync(null, "x86_64", default);
        RunInstancesResponse answer = await session.Ec2.RunInstancesAsync(new RunInstancesRequest
        {
            ImageId = image.ImageId,
            InstanceType = "t3.micro",
            MinCount = 1,
            MaxCount = 1,
            InstanceMarketOptions = new InstanceMarketOptionsRequest
            {
                MarketType = "spot",
                SpotOptions = new SpotMarketOptions { SpotInstanceType = "persistent", InstanceInterruptionBehavior = "stop" },
            },
        });
        return Assert.Single(answer.Reservation.Instances);
    }

    [Fact]
    public async Task AStoppedMachineStartsAgainAsAnotherType()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var actions = new InstanceActions(session);
        var waiter = new InstanceWaiter(session);
        var change = new InstanceTypeChange(session);
        IReadOnlyList<Instance> one = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" });

        Assert.Equal("InstanceNotStopped", Assert.Single((await change.SetAsync(one, "m5.large")).Problems).Id);
        one = (await waiter.WaitAsync((await actions.StopAsync(one)).Instances, "stopped", Minute)).Instances;
        Assert.Equal("TypeArchitecture", Assert.Single((await change.SetAsync(one, "t4g.micro")).Problems).Id);
        Assert.Equal("InstanceTypeNotFound", (await Assert.ThrowsAsync<Fe2Exception>(() => change.SetAsync(one, "m5.enormous"))).Id);
        one = (await change.SetAsync(one, "m5.large")).Instances;
        one = (await waiter.WaitAsync((await actions.StartAsync(one)).Instances, "running", Minute)).Instances;

        Instance now = Assert.Single(one);
        Assert.Equal(("m5.large", "running"), (now.InstanceType.Value, InstanceFacts.StateOf(now)));
        Assert.Empty((await actions.RestartAsync(one)).Problems);
    }

    [Fact]
    public async Task AWaitForWhatCannotComeEndsWithTheReason()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> two = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "job", Count = 2 });
        await new InstanceActions(session).RemoveAsync([two[0]]);

        InstanceSelection waited = await new InstanceWaiter(session).WaitAsync(two, "running", Minute);

        Assert.Equal("job-2", InstanceFacts.NameOf(Assert.Single(waited.Instances)));
        Fe2Exception problem = Assert.Single(waited.Problems);
        Assert.Equal(("InstanceEnded", two[0].InstanceId), (problem.Id, problem.Target));
        Assert.Equal(2, (await new InstanceWaiter(session).WaitAsync([two[0], new Instance { InstanceId = "i-0fffffffffffffff0" }], "terminated", Minute)).Instances.Count);
    }

    [Fact]
    public async Task AWaitThatIsCutShortSaysWhatIsLeft()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> one = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" });
        var waiter = new InstanceWaiter(session);

        InstanceSelection timedOut = await waiter.WaitAsync(one, "stopped", TimeSpan.FromMilliseconds(200));
        Fe2Exception late = Assert.Single(timedOut.Problems);
        // Nobody has asked for it, so waiting longer would not help.
        Assert.Equal(("WaitTimedOut", "Stop it first: Stop-Fe2Instance od1"), (late.Id, late.NextStep));

        var reports = new Reports();
        using var cancel = new CancellationTokenSource();
        Task waiting = waiter.WaitAsync(one, "stopped", Minute, reports, cancel.Token);
        await Until.TrueAsync(() => reports.All.OfType<ProgressReport>().Any(), "the wait goes on");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(1)));
        Assert.Contains("od1", Assert.Single(reports.Warnings), StringComparison.Ordinal);
    }
}
