using System.Diagnostics;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Instances;

public sealed class InstanceReadinessTests
{
    [Fact]
    public async Task TheLaunchReturnsWithinASecondOfTheFirstAnswer()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var answer = new TaskCompletionSource<string>();
        var connector = new FakeConnector((_, _) => answer.Task);
        Task<IReadOnlyList<Instance>> launch = new InstanceLauncher(session, connector).LaunchAsync(new LaunchRequest { Name = "od1" });
        await Until.TrueAsync(() => !connector.Asked.IsEmpty, "the machine is probed");
        var booting = Stopwatch.StartNew();
        // No machine boots faster; until then the launch would have its name confirmed at leisure.
        await Until.TrueAsync(() => booting.Elapsed.TotalSeconds > 2, "the machine boots");

        var clock = Stopwatch.StartNew();
        answer.SetResult("SHA256:now");
        await launch;

        Assert.InRange(clock.ElapsedMilliseconds, 0, 1000);
    }

    [Fact]
    public async Task AMachineThatEndsBeforeItCouldBeUsedIsAnErrorWithTheReason()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var connector = new FakeConnector(async (target, token) =>
        {
            await session.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [target.InstanceId] }, token);
            return await new TaskCompletionSource<string>().Task.WaitAsync(token);
        });

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            () => new InstanceLauncher(session, connector).LaunchAsync(new LaunchRequest { Name = "od1" }));

        Assert.Equal("InstanceEnded", error.Id);
        Assert.Contains("Client.UserInitiatedShutdown", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AChangedHostKeyEndsTheWaitAtOnce()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> one = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" });
        var connector = FakeConnector.Failing("HostKeyChanged");

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
            () => new InstanceReadiness(session, connector).WaitAsync(one, null, null, TimeSpan.FromMinutes(1), "Waiting"));

        Assert.Equal("HostKeyChanged", error.Id);
        // The fingerprint that the launch wrote down is what the machine is held to.
        Assert.Equal(FakeConnector.KeyOf(one[0].InstanceId), Assert.Single(connector.Asked).HostKey);
    }

    [Fact]
    public async Task OneMachineThatFailsDoesNotTakeTheOthersWithIt()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        IReadOnlyList<Instance> all = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od", Count = 4 });
        await session.Ec2.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [all[0].InstanceId] });
        var connector = new FakeConnector((target, token) =>
            target.InstanceId == all[1].InstanceId ? FakeConnector.Failing("HostKeyChanged").WaitUntilReadyAsync(target, default, null, token)
            : target.InstanceId == all[2].InstanceId ? FakeConnector.Silent().WaitUntilReadyAsync(target, default, null, token)
            : Task.FromResult("SHA256:now"));

        InstanceSelection done = await new InstanceReadiness(session, connector).WaitEachAsync(all, null, null, TimeSpan.FromSeconds(2), "Waiting");

        Assert.Equal(all[3].InstanceId, Assert.Single(done.Instances).InstanceId);
        Assert.Equal(["HostKeyChanged", "InstanceEnded", "InstanceNotReady"], done.Problems.Select(p => p.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task TheLoginUserFollowsTheImage()
    {
        Assert.Equal("ubuntu", InstanceTargets.UserOf(new Image { Name = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260101" }));
        Assert.Equal("ec2-user", InstanceTargets.UserOf(new Image { Name = "al2023-ami-2023.6-x86_64" }));
        Assert.Equal("admin", InstanceTargets.UserOf(new Image { Name = "debian-12-amd64-20260101" }));

        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance one = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1", User = "admin" }));
        Assert.Equal("admin", (await new InstanceTargets(session).ForAsync(one)).User);
        await new InstanceActions(session).StopAsync([one]);
        Assert.Equal("InstanceNotRunning", (await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceTargets(session).ForAsync(one))).Id);
    }
}
