using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Network;

public sealed class SshAccessTests
{
    [Fact]
    public async Task SshIsOpenToTheCallerAndToTheGroupOnly()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SetCallerAddressAsync("203.0.113.7");

        SecurityGroup group = await EnsureAsync(await cloud.SessionAsync());

        Assert.All(group.IpPermissions, p => Assert.Equal(("tcp", 22, 22), (p.IpProtocol, p.FromPort, p.ToPort)));
        Assert.Equal(["203.0.113.7/32"], Sources(group));
        Assert.Equal([group.GroupId], group.IpPermissions.SelectMany(p => p.UserIdGroupPairs).Select(g => g.GroupId));
    }

    [Fact]
    public async Task AChangedAddressMendsTheRuleAndClosesTheOldOne()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SetCallerAddressAsync("203.0.113.7");
        Fe2Session session = await cloud.SessionAsync();
        Instance instance = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }));
        await cloud.SetCallerAddressAsync("198.51.100.9");
        var access = new SshAccess(session);

        Assert.True(await access.MendAsync(instance, fresh: true));
        Assert.False(await access.MendAsync(instance, fresh: true));

        Assert.Equal(["198.51.100.9/32"], Sources(await EnsureAsync(session)));
    }

    [Fact]
    public async Task RulesOfOthersStay()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await EnsureAsync(await AtAsync(cloud, "ann", "192.0.2.1"));
        await EnsureAsync(await AtAsync(cloud, "bob", "192.0.2.2"));

        SecurityGroup group = await EnsureAsync(await AtAsync(cloud, "bob", "192.0.2.3"));

        Assert.Equal(["192.0.2.1/32", "192.0.2.3/32"], Sources(group).Order());
    }

    [Fact]
    public async Task NetworksThatWereGivenStay()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await AtAsync(cloud, "me", "203.0.113.7");
        await EnsureAsync(session, "192.0.2.0/24");
        await EnsureAsync(session, "192.0.2.200/32");
        await EnsureAsync(session);

        await EnsureAsync(session, "2001:db8::/64");
        SecurityGroup group = await EnsureAsync(await AtAsync(cloud, "me", "198.51.100.9"));

        Assert.Equal(["192.0.2.0/24", "192.0.2.200/32", "198.51.100.9/32"], Sources(group).Order());
        Assert.Equal(["2001:db8::/64"], group.IpPermissions.SelectMany(p => p.Ipv6Ranges).Select(r => r.CidrIpv6));
    }

    [Fact]
    public async Task AnOldAddressThatAnInterruptionLeftOpenIsClosedNextTime()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await EnsureAsync(await AtAsync(cloud, "me", "203.0.113.7"));
        await EnsureAsync(await AtAsync(cloud, "me", "2001:db8::7"));
        await cloud.FaultAsync(new { kind = "deny", operation = "RevokeSecurityGroupIngress" });
        Fe2Session session = await AtAsync(cloud, "me", "198.51.100.9");
        var reports = new Reports();
        SecurityGroup group = await EnsureAsync(session, report: reports);
        Assert.Contains("198.51.100.9/32", Sources(group));
        Assert.Contains("2001:db8::7/128", Assert.Single(reports.Warnings), StringComparison.Ordinal);
        await cloud.ClearFaultsAsync();

        group = await EnsureAsync(session);

        Assert.Equal(["198.51.100.9/32"], Sources(group));
        Assert.Empty(group.IpPermissions.SelectMany(p => p.Ipv6Ranges));
    }

    [Fact]
    public async Task AGroupThatIsNotVisibleYetIsWaitedFor()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "error", status = 400, code = "InvalidGroup.NotFound", operation = "AuthorizeSecurityGroupIngress", times = 2 });

        SecurityGroup group = await EnsureAsync(await AtAsync(cloud, "me", "203.0.113.7"));

        Assert.Equal(["203.0.113.7/32"], Sources(group));
        Assert.Contains("AuthorizeSecurityGroupIngress:InvalidGroup.NotFound", await cloud.CallsAsync());
    }

    [Fact]
    public async Task AGroupThatAnotherJustMadeIsWaitedFor()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "error", status = 400, code = "InvalidGroup.Duplicate", operation = "CreateSecurityGroup", times = 2 });

        SecurityGroup group = await EnsureAsync(await AtAsync(cloud, "me", "203.0.113.7"));

        Assert.Equal(["203.0.113.7/32"], Sources(group));
        Assert.Equal(2, (await cloud.CallsAsync()).Count(c => c == "CreateSecurityGroup:InvalidGroup.Duplicate"));
    }

    [Fact]
    public async Task AnIpv6CallerGetsOneAddressToo()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SetCallerAddressAsync("2001:db8::7");

        SecurityGroup group = await EnsureAsync(await cloud.SessionAsync());

        Assert.Equal(["2001:db8::7/128"], group.IpPermissions.SelectMany(p => p.Ipv6Ranges).Select(r => r.CidrIpv6));
        Assert.Empty(Sources(group));
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7/32")]
    [InlineData("203.0.113.0/24", "203.0.113.0/24")]
    [InlineData("2001:db8::/64", "2001:db8::/64")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    public void NetworksAreTakenAsWritten(string text, string expected) => Assert.Equal(expected, Cidr.Parse(text));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.0.0.0/00")]
    [InlineData("::")]
    [InlineData("203.0.113.7/24")]
    [InlineData("everywhere")]
    [InlineData("4")]
    public void TheWholeInternetIsNeverMeantByAccident(string text) =>
        Assert.Equal("CidrInvalid", Assert.Throws<Fe2Exception>(() => Cidr.Parse(text)).Id);

    [Fact]
    public async Task WhereTheAddressCannotBeFoundCidrIsAskedFor()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync(endpoint: "http://127.0.0.1:9");

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => new CallerAddress(session).FindCidrAsync());

        Assert.Equal("CallerAddressUnknown", error.Id);
        Assert.Contains("-Cidr", error.NextStep, StringComparison.Ordinal);
    }

    /// <summary>A session of a computer that has this address now.</summary>
    private static async Task<Fe2Session> AtAsync(TestCloud cloud, string user, string address)
    {
        await cloud.SetCallerAddressAsync(address);
        Fe2Session session = await cloud.SessionAsync(user);
        await new CallerAddress(session).FindCidrAsync(fresh: true);
        return session;
    }

    private static async Task<SecurityGroup> EnsureAsync(Fe2Session session, string? cidr = null, Reports? report = null)
    {
        Vpc vpc = Assert.Single((await session.Ec2.DescribeVpcsAsync(new DescribeVpcsRequest())).Vpcs, v => v.IsDefault == true);
        string id = await new SshAccess(session).EnsureAsync(vpc.VpcId, cidr, report);
        return Assert.Single((await session.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [id] })).SecurityGroups);
    }

    private static IEnumerable<string> Sources(SecurityGroup group) => group.IpPermissions.SelectMany(p => p.Ipv4Ranges).Select(r => r.CidrIp);
}
