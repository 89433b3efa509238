using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Storage;

namespace Fe2Ps.Core.Tests.Groups;

/// <summary>Groups by the API alone: what is asked for, what is refused, what is left.</summary>
public sealed class GroupTests
{
    [Theory]
    [InlineData("70%", 70)]
    [InlineData("70", 70)]
    [InlineData(" 5 % ", 5)]
    [InlineData("100%", 100)]
    [InlineData("0", 0)]
    public void AShareIsAPercentage(string text, int percent) => Assert.Equal(percent, SpotShare.Parse(text));

    [Theory]
    [InlineData("101%")]
    [InlineData("-1")]
    [InlineData("half")]
    [InlineData("0.7")]
    [InlineData("%")]
    public void AnythingElseIsNoShare(string text) => Assert.Equal("SpotShareInvalid", Assert.Throws<Fe2Exception>(() => SpotShare.Parse(text)).Id);

    [Theory]
    [InlineData(2, 0, 70, 1)]
    [InlineData(3, 0, 70, 2)]
    [InlineData(4, 1, 100, 3)]
    [InlineData(1, 2, 100, 0)]
    public void OnDemandIsRoundedUp(int machines, int onDemand, int percent, int spot) => Assert.Equal(spot, SpotShare.Count(machines, onDemand, percent));

    [Fact]
    public async Task WhatIsWrongIsSaidBeforeAnythingIsMade()
    {
        await using var cloud = new Cloud();
        Fe2Session session = await cloud.OpenAsync();
        async Task<string> IdAsync(GroupRequest request) =>
            (await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Maker.MakeAsync(request with { NoWait = true }))).Id;
        GroupRequest good = GroupFixture.Request("web", 2);
        Assert.Equal("GroupSizesInvalid", await IdAsync(good with { Desired = 5 }));
        Assert.Equal("GroupSizesInvalid", await IdAsync(good with { Min = 3, Max = 2, Desired = null }));
        Assert.Equal("GroupSizesInvalid", await IdAsync(good with { Max = 5000 }));
        Assert.Equal("TargetGroupNotFound", await IdAsync(good with { TargetGroup = "none" }));
        Assert.Equal("InstanceTypeNotFound", await IdAsync(good with { InstanceTypes = ["m5.large", "m5.huge"] }));
        Assert.Equal("TypesDiffer", await IdAsync(good with { InstanceTypes = ["m5.large", "t4g.micro"] }));
        Assert.Equal("ImageNotFound", await IdAsync(good with { Machine = good.Machine with { Image = "none" } }));
        Assert.Equal("NameInvalid", await IdAsync(good with { Machine = good.Machine with { Name = "a:b" } }));
        Assert.Equal("OnDemandBaseInvalid", await IdAsync(good with { OnDemandBase = -1 }));
        Assert.DoesNotContain(await cloud.Sandbox.OperationsAsync(), o => o is "CreateLaunchTemplate" or "CreateAutoScalingGroup" or "CreateServiceLinkedRole");

        await cloud.Maker.MakeAsync(good with { NoWait = true });
        Assert.Equal("GroupNameTaken", await IdAsync(good));
        Assert.Equal("NothingToChange", (await Assert.ThrowsAsync<Fe2Exception>(async () => await new GroupChanges(session, cloud.Connector).ChangeAsync(await cloud.NowAsync("web"), new GroupChange()))).Id);
        Assert.Equal("GroupSizesInvalid", (await Assert.ThrowsAsync<Fe2Exception>(async () => await new GroupChanges(session, cloud.Connector).ChangeAsync(await cloud.NowAsync("web"), new GroupChange { Desired = 9 }))).Id);
    }

    [Fact]
    public async Task EverythingIsTaggedAsItIsMade()
    {
        await using var cloud = new Cloud();
        Fe2Session session = await cloud.OpenAsync();
        GroupRequest request = GroupFixture.Request("tagged", 1, spot: 50);
        AutoScalingGroup group = await cloud.Maker.MakeAsync(request with { NoWait = true, Machine = request.Machine with { Tags = new Dictionary<string, string> { ["team"] = "a b" } } });
        Assert.Equal(("a b", "ubuntu"), (GroupFacts.TagOf(group, "team"), GroupFacts.TagOf(group, TagNames.User)));
        Assert.True(GroupFacts.IsOwn(group));
        Assert.All(group.Tags, t => Assert.True(t.PropagateAtLaunch));
        IReadOnlyList<string> calls = await cloud.Sandbox.OperationsAsync();
        Assert.Contains("CreateServiceLinkedRole", calls);
        Assert.DoesNotContain("CreateTags", calls);
        GroupRemovalSelection found = await cloud.Removal.SelectAsync(["tagged", "none"]);
        Assert.Equal(("tagged", "none"), (found.Groups.Single().AutoScalingGroupName, found.Problems.Single().Target));
        await cloud.Removal.RemoveAsync("tagged");
        Assert.Empty(await cloud.Sandbox.RunningAsync());
        Assert.Empty((await session.Ec2.DescribeLaunchTemplatesAsync(new Amazon.EC2.Model.DescribeLaunchTemplatesRequest())).LaunchTemplates);
    }

    [Fact]
    public async Task WhatAGroupLeftThatWasNeverCompleteIsFoundByItsName()
    {
        await using var cloud = new Cloud();
        Fe2Session session = await cloud.OpenAsync();
        await cloud.Sandbox.FaultAsync(new { kind = "deny", operation = "CreateAutoScalingGroup" });
        await cloud.Sandbox.FaultAsync(new { kind = "deny", operation = "DeleteLaunchTemplate" });
        Fe2Exception refused = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Maker.MakeAsync(GroupFixture.Request("half", 1)));
        Assert.Contains("Remove-Fe2Group half", refused.Message, StringComparison.Ordinal);
        await cloud.Sandbox.ClearFaultsAsync();
        GroupRemovalSelection found = await cloud.Removal.SelectAsync(["half"]);
        Assert.Equal(("half", 0), (found.Rests.Single(), found.Problems.Count));
        await cloud.Removal.RemoveAsync("half");
        Assert.Empty((await session.Ec2.DescribeLaunchTemplatesAsync(new Amazon.EC2.Model.DescribeLaunchTemplatesRequest())).LaunchTemplates);
        Assert.Single((await cloud.Removal.SelectAsync(["half"])).Problems);
    }

    [Fact]
    public async Task WithoutTheRightToMakeRolesTheGroupIsMadeAllTheSame()
    {
        await using var cloud = new Cloud();
        Fe2Session session = await cloud.OpenAsync();
        await cloud.Sandbox.SeedAsync(new { targetGroups = new[] { "tg" } });
        await cloud.Sandbox.FaultAsync(new { kind = "deny", operation = "*Role*" });
        await cloud.Sandbox.FaultAsync(new { kind = "deny", operation = "*InstanceProfile" });
        var reports = new Reports();
        AutoScalingGroup group = await cloud.Maker.MakeAsync(GroupFixture.Request("poor", 1, spot: 50, target: "tg") with { NoWait = true }, reports);
        Assert.Equal(["tg"], GroupFacts.TargetGroups(group));
        Assert.Contains(reports.All.OfType<WarningReport>(), w => w.Message.Contains("may not make the role", StringComparison.Ordinal));
        await cloud.Removal.RemoveAsync("poor");
        Assert.Empty(await cloud.Sandbox.RunningAsync());
    }

    [Fact]
    public async Task UserDataOfItsOwnGoesBesideWhatTheMachinesNeed()
    {
        await using var cloud = new Cloud();
        Fe2Session session = await cloud.OpenAsync();
        var target = new Amazon.ElasticLoadBalancingV2.Model.TargetGroup { TargetGroupName = "tg", TargetGroupArn = "arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/tg/1" };
        var data = new GroupUserData(session);
        Assert.InRange(Convert.FromBase64String(data.Of(target, "ubuntu", null)).Length, 1000, 12 * 1024);
        data.Of(target, "ubuntu", "#cloud-config\nruncmd: [ls]\n");
        Assert.Equal("UserDataMixed", Assert.Throws<Fe2Exception>(() => data.Of(target, "ubuntu", "echo x")).Id);
        string noise = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(9000));
        Assert.Equal("UserDataTooLong", Assert.Throws<Fe2Exception>(() => data.Of(target, "ubuntu", "#!/bin/sh\n# " + noise)).Id);
        Assert.InRange(GroupRole.NameOf(new string('새', 200), "ap-northeast-2").Length, 10, 64);
        Assert.InRange(GroupRole.NameOf(new string('a', 200), "us-gov-east-1").Length, 10, 64);
    }

    /// <summary>A sandbox without hosts, and a session in it.</summary>
    private sealed class Cloud : IAsyncDisposable
    {
        private Fe2Session _session = null!;

        public TestCloud Sandbox { get; private set; } = null!;

        public SshConnector Connector { get; private set; } = null!;

        public GroupMaker Maker => new(_session, Connector);

        public GroupRemoval Removal => new(_session, Connector);

        public async Task<Fe2Session> OpenAsync()
        {
            Sandbox = await TestCloud.StartAsync();
            Connector = new SshConnector(new SshOptions { Folder = Path.Combine(Sandbox.Home, "fe2"), ConfigFile = "/dev/null" });
            return _session = await Sandbox.SessionAsync();
        }

        public async Task<AutoScalingGroup> NowAsync(string name) => Assert.Single((await new GroupQuery(_session).ListAsync([name])).Groups);

        public async ValueTask DisposeAsync()
        {
            await Connector.DisposeAsync();
            await Sandbox.DisposeAsync();
        }
    }
}
