using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Core.Tests.Storage;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Groups;

/// <summary>Groups of machines that really run, die, and are taken away.</summary>
public sealed class HostedGroupTests(GroupFixture cloud) : IClassFixture<GroupFixture>
{
    [HostedFact]
    public async Task AGroupIsKeptAtItsNumberWhateverHappensToItsMachines()
    {
        AutoScalingGroup made = await cloud.Maker.MakeAsync(GroupFixture.Request("web", 3, spot: 70, target: "tg"));
        Assert.Equal(("ready", 3), (GroupFacts.StateOf(made), GroupFacts.InService(made)));
        Assert.True(made.CapacityRebalance);
        Assert.Equal("price-capacity-optimized", made.MixedInstancesPolicy.InstancesDistribution.SpotAllocationStrategy);
        var machines = await cloud.MachinesAsync("web");
        Assert.Equal(3, machines.Count);
        Assert.Equal(SpotShare.Count(3, 0, 70), machines.Count(InstanceFacts.IsSpot));
        Assert.All(machines, machine =>
        {
            Assert.Equal("web", InstanceFacts.NameOf(machine));
            Assert.Equal("web", InstanceFacts.TagOf(machine, GroupFacts.GroupTag));
            Assert.NotNull(InstanceFacts.TagOf(machine, TagNames.Owner));
            Assert.StartsWith("SHA256:", InstanceFacts.TagOf(machine, TagNames.HostKey), StringComparison.Ordinal);
            Assert.Equal("required", machine.MetadataOptions.HttpTokens.Value);
        });
        foreach (var machine in machines)
            Assert.Equal("ubuntu", await cloud.OnAsync(machine, "whoami"));
        await Until.TrueAsync(async () => await cloud.TargetsAsync() is { Count: 3 } all && all.Values.All(s => s == "healthy"), "all are targets", 60);

        // The power fails.
        await cloud.FaultAsync(new { kind = "kill", instance = machines[0].InstanceId });
        await cloud.ReplacedAsync("web", machines[0].InstanceId);
        machines = await cloud.MachinesAsync("web");
        Assert.Equal(SpotShare.Count(3, 0, 70), machines.Count(InstanceFacts.IsSpot));
        var fresh = machines.Single(m => InstanceFacts.TagOf(m, TagNames.HostKey) is null);
        await Until.TrueAsync(async () => await ConnectsAsync(fresh), "the replacement can be entered", 60);

        // EC2 recommends to leave: the replacement serves before the other one goes.
        var risky = machines.First(InstanceFacts.IsSpot);
        await cloud.FaultAsync(new { kind = "rebalance", instance = risky.InstanceId });
        await cloud.ReplacedAsync("web", risky.InstanceId);
        var activities = (await cloud.Session.Scaling.DescribeScalingActivitiesAsync(new DescribeScalingActivitiesRequest { AutoScalingGroupName = "web" })).Activities;
        Activity left = activities.Single(a => a.Description == $"Terminating EC2 instance: {risky.InstanceId}");
        Assert.Contains("rebalance recommendation", left.Cause, StringComparison.Ordinal);
        Assert.Contains(activities, a => a.Description.StartsWith("Launching", StringComparison.Ordinal) && a.StartTime <= left.StartTime && a.EndTime <= left.StartTime);
        Assert.Equal(SpotShare.Count(3, 0, 70), (await cloud.MachinesAsync("web")).Count(InstanceFacts.IsSpot));

        // EC2 takes one away.
        var taken = (await cloud.MachinesAsync("web")).First(InstanceFacts.IsSpot);
        await cloud.FaultAsync(new { kind = "interrupt", instance = taken.InstanceId, seconds = 3 });
        await cloud.ReplacedAsync("web", taken.InstanceId);

        var changes = new GroupChanges(cloud.Session, cloud.Connector);
        AutoScalingGroup smaller = await changes.ChangeAsync(await cloud.NowAsync("web"), new GroupChange { Desired = 1, SpotPercent = 0, InstanceTypes = ["t3.small"] });
        smaller = await changes.WaitAsync(smaller, TimeSpan.FromMinutes(1));
        Assert.Equal((1, 0), (GroupFacts.InService(smaller), GroupFacts.SpotPercent(smaller)));
        Assert.Equal(["t3.small"], GroupFacts.InstanceTypes(smaller));

        await cloud.Removal.RemoveAsync("web");
        Assert.Empty(await cloud.RestAsync("web"));
        await Until.TrueAsync(async () => (await cloud.TargetsAsync()).Count == 0, "no targets", 60);
        Fe2Exception gone = await Assert.ThrowsAsync<Fe2Exception>(() => changes.ChangeAsync(smaller, new GroupChange { Desired = 2 }));
        Assert.Equal("GroupNotFound", gone.Id);
    }

    [HostedFact]
    public async Task ASpotMachineLeavesItsTargetGroupAtTheNoticeAndDrains()
    {
        GroupRequest request = GroupFixture.Request("served", 2, spot: 100, target: cloud.TargetGroupArn);
        await cloud.Maker.MakeAsync(request with { Machine = request.Machine with { UserData = "#!/bin/bash\necho 'own data' > /tmp/own\n" } });
        try
        {
            var machines = await cloud.MachinesAsync("served");
            var role = new GroupRole(cloud.Session, "served");
            Assert.True(await role.ExistsAsync(default));
            Assert.All(machines, m => Assert.EndsWith(":instance-profile/" + role.Name, m.IamInstanceProfile.Arn, StringComparison.Ordinal));
            foreach (var machine in machines)
            {
                await Until.TrueAsync(async () => await cloud.OnAsync(machine, "cat /tmp/own; read -r pid _ < ~/.fe2/watch.pid && kill -0 $pid && echo watched") == "own data\nwatched", "it is watched", 60);
            }

            await Until.TrueAsync(async () => (await cloud.TargetsAsync()).Count(t => t.Value == "healthy") == 2, "both are targets", 60);
            var taken = machines[0];
            await cloud.FaultAsync(new { kind = "interrupt", instance = taken.InstanceId, seconds = 90 });
            await Until.TrueAsync(async () => await cloud.OnAsync(taken, "cat ~/.fe2/drain/log 2>/dev/null") is var log
                && log.Contains(": deregistered", StringComparison.Ordinal) && log.Contains(": drained", StringComparison.Ordinal), "it leaves and drains", 60);
            Assert.False((await cloud.TargetsAsync()).ContainsKey(taken.InstanceId));
            Assert.Equal("running", InstanceFacts.StateOf(await new InstanceQuery(cloud.Session).GetAsync(taken.InstanceId)));
            Assert.Equal("healthy", (await cloud.TargetsAsync())[machines[1].InstanceId]);
            Assert.Empty(await cloud.OnAsync(taken, "grep -rl 'SecretAccessKey\\|AWS4' ~/.fe2/drain ~/.fe2/*.log 2>/dev/null"));
        }
        finally
        {
            await cloud.Removal.RemoveAsync("served");
        }

        Assert.False(await new GroupRole(cloud.Session, "served").ExistsAsync(default));
        Assert.Empty(await cloud.RestAsync("served"));
    }

    [HostedFact]
    public async Task AGroupThatFindsNoRoomSaysWhyAndLeavesNothing()
    {
        await cloud.FaultAsync(new { kind = "capacity", instanceType = "m5*" });
        try
        {
            var reports = new Reports();
            Fe2Exception failure = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Maker.MakeAsync(
                GroupFixture.Request("full", 2, spot: 100) with { ReadyTimeout = TimeSpan.FromSeconds(3) }, reports));
            Assert.Equal(("GroupNotReady", Fe2ErrorKind.Capacity), (failure.Id, failure.Kind));
            Assert.Contains("capacity", failure.Message, StringComparison.Ordinal);
            Assert.Contains("was removed", failure.Message, StringComparison.Ordinal);
            Assert.Contains(reports.All.OfType<WarningReport>(), w => w.Message.Contains("tries again", StringComparison.Ordinal));
            Assert.Empty(await cloud.RestAsync("full"));
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    private async Task<bool> ConnectsAsync(Amazon.EC2.Model.Instance machine)
    {
        var access = new MachineAccess(cloud.Session, cloud.Connector);
        try
        {
            await using var ssh = await access.OpenAsync(machine, await access.TargetAsync(machine, null, null, default), default);
        }
        catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
        {
            return false;
        }

        return InstanceFacts.TagOf(await new InstanceQuery(cloud.Session).GetAsync(machine.InstanceId), TagNames.HostKey) is not null;
    }
}
