using Amazon.EC2.Model;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Instances;

public sealed class LaunchTests
{
    [Fact]
    public async Task OnlyTheNameIsNeeded()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var connector = new FakeConnector();

        Instance instance = Assert.Single(await new InstanceLauncher(session, connector).LaunchAsync(new LaunchRequest { Name = "od1" }));

        Assert.Equal("od1", InstanceFacts.NameOf(instance));
        Assert.Equal("running", InstanceFacts.StateOf(instance));
        Assert.Equal("t3.micro", instance.InstanceType.Value);
        Assert.Equal("default", instance.KeyName);
        Assert.Equal("required", instance.MetadataOptions.HttpTokens.Value);
        Assert.Equal("fe2-ssh", Assert.Single(instance.SecurityGroups).GroupName);
        Assert.StartsWith("me@", InstanceFacts.TagOf(instance, "fe2:owner"), StringComparison.Ordinal);
        Assert.Equal(FakeConnector.KeyOf(instance.InstanceId), InstanceFacts.TagOf(instance, "fe2:hostkey"));
        var target = Assert.Single(connector.Asked);
        Assert.Equal(("ubuntu", instance.PublicIpAddress), (target.User, target.Address));
        Assert.True(File.Exists(target.KeyFile));

        Instance again = await new InstanceQuery(session).GetAsync("od1");
        Assert.Equal(FakeConnector.KeyOf(instance.InstanceId), InstanceFacts.TagOf(again, "fe2:hostkey"));
    }

    [Fact]
    public async Task APublicAddressIsAskedForWhereTheSubnetGivesNone()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { zonesWithoutPublicIp = new[] { "us-east-2a", "us-east-2b", "us-east-2c" } });
        var connector = new FakeConnector();

        IReadOnlyList<Instance> instances = await new InstanceLauncher(await cloud.SessionAsync(), connector).LaunchAsync(
            new LaunchRequest { Name = "od", Count = 2, Zone = "us-east-2b" });

        Assert.All(instances, i => Assert.NotNull(InstanceFacts.PublicAddressOf(i)));
        Assert.Equal(instances.Select(i => i.PublicIpAddress).Order(), connector.Asked.Select(t => t.Address).Order());
        Assert.All(instances, i => Assert.Equal("us-east-2b", i.Placement.AvailabilityZone));
        Assert.All(instances, i => Assert.Equal("fe2-ssh", Assert.Single(i.SecurityGroups).GroupName));
    }

    [Fact]
    public async Task VolumesAndSpotRequestsAreTaggedByTheLaunchItself()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        Instance instance = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(
            new LaunchRequest { Name = "spot2", InstanceType = "m5.large", DiskSize = 80, Spot = true, Tags = new Dictionary<string, string> { ["team"] = "red" } }));

        var state = await cloud.RegionAsync();
        var volume = Assert.Single(state["volumes"]!.AsArray())!;
        Assert.Equal((80, "gp3", "spot2", "red"), (volume["size"]!.GetValue<int>(), volume["type"]!.GetValue<string>(),
            volume["tags"]!["Name"]!.GetValue<string>(), volume["tags"]!["team"]!.GetValue<string>()));
        var request = Assert.Single(state["spotRequests"]!.AsArray())!;
        Assert.Equal("spot2", request["tags"]!["Name"]!.GetValue<string>());
        Assert.True(InstanceFacts.IsSpot(instance));
        Assert.DoesNotContain("CreateTags", (await cloud.OperationsAsync()).TakeWhile(c => c != "RunInstances"));
    }

    [Fact]
    public async Task TwentyMachinesAreOneCall()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        IReadOnlyList<Instance> instances = await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "job", Count = 20 });

        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"job-{i}"), instances.Select(InstanceFacts.NameOf));
        Assert.Single(await cloud.OperationsAsync(), c => c == "RunInstances");
        InstanceSelection listed = await new InstanceQuery(session).ListAsync(new InstanceSelector { Names = ["job-*"] });
        Assert.Equal(instances.Select(i => i.InstanceId), listed.Instances.Select(i => i.InstanceId));
        Assert.All(listed.Instances, i => Assert.Equal(FakeConnector.KeyOf(i.InstanceId), InstanceFacts.TagOf(i, "fe2:hostkey")));
    }

    [Fact]
    public async Task TheLoginUserIsWrittenDownAlsoWhereItIsTheUsualOne()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance plain = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "base" }));
        Assert.Equal("ubuntu", InstanceFacts.TagOf(plain, TagNames.User));

        // Who has another user as default logs in all the same.
        new Core.Defaults.DefaultsFile(new Fe2Home(TestCloud.Here("me", Path.Combine(cloud.Home, "me")))).Change(d => d with { User = "admin" });
        Fe2Session other = await cloud.SessionAsync();
        var connector = new FakeConnector();
        Instance named = Assert.Single(await new InstanceLauncher(other, connector).LaunchAsync(new LaunchRequest { Name = "u", User = "ubuntu" }));
        Assert.Equal(("ubuntu", "ubuntu"), (InstanceFacts.TagOf(named, TagNames.User), Assert.Single(connector.Asked).User));
        var targets = new InstanceTargets(other);
        Assert.Equal("ubuntu", targets.For(plain, null, null).User);
        Assert.Equal("ubuntu", targets.For(named, null, null).User);

        // A machine whose launch wrote down no user was launched with the usual one; one that somebody else made is as the default says.
        plain.Tags.RemoveAll(t => t.Key == TagNames.User);
        Assert.Equal("ubuntu", targets.For(plain, null, null).User);
        plain.Tags.RemoveAll(t => t.Key == TagNames.Launch);
        Assert.Equal("admin", targets.For(plain, null, null).User);
    }

    [Fact]
    public async Task NoWaitReturnsWithoutAskingTheMachine()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        Instance instance = Assert.Single(await new InstanceLauncher(session, FakeConnector.Silent()).LaunchAsync(new LaunchRequest { Name = "od1", NoWait = true }));

        Assert.Equal([instance.InstanceId], await cloud.RunningAsync());
    }

    [Fact]
    public async Task DefaultsAreUsedAndGiveWayToTheRequest()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string home = Path.Combine(cloud.Home, "me");
        new Core.Defaults.DefaultsFile(new Fe2Home(TestCloud.Here("me", home))).Change(d => d with { InstanceType = "t4g.micro", DiskSize = 30, KeyName = "mine" });
        Fe2Session session = await cloud.SessionAsync();
        var launcher = new InstanceLauncher(session, new FakeConnector());

        Instance first = Assert.Single(await launcher.LaunchAsync(new LaunchRequest { Name = "a" }));
        Instance second = Assert.Single(await launcher.LaunchAsync(new LaunchRequest { Name = "b", InstanceType = "m5.large", KeyName = KeyPairs.DefaultName }));

        Assert.Equal(("t4g.micro", "arm64", "mine"), (first.InstanceType.Value, first.Architecture.Value, first.KeyName));
        Assert.Equal(("m5.large", "x86_64", "default"), (second.InstanceType.Value, second.Architecture.Value, second.KeyName));
        Assert.All((await cloud.RegionAsync())["volumes"]!.AsArray(), v => Assert.Equal(30, v!["size"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData(".", "NameInvalid")]
    [InlineData("..", "NameInvalid")]
    [InlineData("", "NameInvalid")]
    [InlineData("job-*", "NameInvalid")]
    [InlineData("i-0123456789abcdef0", "NameInvalid")]
    [InlineData(" od1", "NameInvalid")]
    public void NamesThatCannotBeFoundAgainAreRefused(string name, string id) =>
        Assert.Equal(id, Assert.Throws<Fe2Exception>(() => LaunchPlan.Check(new LaunchRequest { Name = name })).Id);

    [Fact]
    public async Task BadInputStartsNothing()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var launcher = new InstanceLauncher(session, new FakeConnector());
        foreach ((LaunchRequest request, string id) in new[]
        {
            (new LaunchRequest { Name = "x", InstanceType = "t3.gigantic" }, "InstanceTypeNotFound"),
            (new LaunchRequest { Name = "x", Image = "ami-00000000000000000" }, "ImageNotFound"),
            (new LaunchRequest { Name = "x", Image = "no-such-image" }, "ImageNotFound"),
            (new LaunchRequest { Name = "x", DiskSize = 1 }, "DiskTooSmall"),
            (new LaunchRequest { Name = "x", Zone = "us-east-2z" }, "ZoneNotFound"),
            (new LaunchRequest { Name = "x", KeyFile = "/nowhere/key" }, "KeyFileNotFound"),
            (new LaunchRequest { Name = "x", Count = 0 }, "CountInvalid"),
            (new LaunchRequest { Name = "x", Spot = true, OnShutdown = ShutdownAction.Stop }, "SpotCannotStop"),
            (new LaunchRequest { Name = "x", Cidr = "0.0.0.0/00" }, "CidrInvalid"),
            (new LaunchRequest { Name = "x", Tags = new Dictionary<string, string> { [TagNames.User] = "me" } }, "TagReserved"),
        })
        {
            Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => launcher.LaunchAsync(request));
            Assert.Equal(id, error.Id);
            Assert.NotEmpty(error.NextStep);
        }

        Assert.Empty(await cloud.RunningAsync());
        Assert.DoesNotContain("RunInstances", await cloud.OperationsAsync());
    }

    [Fact]
    public async Task ANetworkToAllowIsRefusedWhereTheGroupThatItIsForIsNotUsed()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var request = new LaunchRequest { Name = "a", SecurityGroupIds = ["sg-0123456789abcdef0"], Cidr = "203.0.113.0/24" };

        Fe2Exception alone = await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceLauncher(session, new FakeConnector()).LaunchAsync(request));
        Fe2Exception group = await Assert.ThrowsAsync<Fe2Exception>(() => new GroupMaker(session, new FakeConnector()).MakeAsync(new GroupRequest { Machine = request }));

        Assert.All([alone, group], e =>
        {
            Assert.Equal(("CidrWithSecurityGroup", Fe2ErrorKind.InvalidArgument), (e.Id, e.Kind));
            Assert.Contains("-Cidr 203.0.113.0/24", e.Message, StringComparison.Ordinal);
            Assert.Contains("-SecurityGroupId", e.Message, StringComparison.Ordinal);
        });
        Assert.Empty(await cloud.OperationsAsync());
    }

    [Fact]
    public async Task ASecurityGroupThatIsNotThereIsRefusedBeforeAnythingIsLaunched()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        CreateSecurityGroupResponse own = await session.Ec2.CreateSecurityGroupAsync(new CreateSecurityGroupRequest { GroupName = "own", Description = "own" });
        var request = new LaunchRequest { Name = "a", SecurityGroupIds = [own.GroupId, "sg-00000000000000000"] };

        Fe2Exception alone = await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceLauncher(session, new FakeConnector()).LaunchAsync(request));
        Fe2Exception group = await Assert.ThrowsAsync<Fe2Exception>(() => new GroupMaker(session, new FakeConnector()).MakeAsync(new GroupRequest { Machine = request }));

        Assert.All([alone, group], e =>
        {
            Assert.Equal(("SecurityGroupNotFound", Fe2ErrorKind.NotFound), (e.Id, e.Kind));
            Assert.Contains("-SecurityGroupId sg-00000000000000000", e.Message, StringComparison.Ordinal);
            Assert.NotEmpty(e.NextStep);
        });
        // EC2 was not asked to launch, so there was nothing to be patient with.
        Assert.DoesNotContain(await cloud.OperationsAsync(), o => o is "RunInstances" or "CreateLaunchTemplate" or "ImportKeyPair" or "CreateAutoScalingGroup");

        Instance instance = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(request with { SecurityGroupIds = [own.GroupId] }));
        Assert.Equal(own.GroupId, Assert.Single(instance.SecurityGroups).GroupId);
    }

    [Fact]
    public async Task ANameInUseIsRefused()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var launcher = new InstanceLauncher(session, new FakeConnector());
        Instance first = Assert.Single(await launcher.LaunchAsync(new LaunchRequest { Name = "od1" }));

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => launcher.LaunchAsync(new LaunchRequest { Name = "od1" }));

        Assert.Equal("NameTaken", error.Id);
        Assert.Contains(first.InstanceId, error.Message, StringComparison.Ordinal);
        Assert.Equal([first.InstanceId], await cloud.RunningAsync());
    }
}
