namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class SecurityGroupTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    private static readonly string[] s_ssh = ["IpPermissions.1.IpProtocol=tcp", "IpPermissions.1.FromPort=22", "IpPermissions.1.ToPort=22"];

    [Fact]
    public async Task Rules_come_and_go_one_source_at_a_time()
    {
        var id = await GroupAsync("comes-and-goes");
        string[] rule = [$"GroupId={id}", .. s_ssh, "IpPermissions.1.IpRanges.1.CidrIp=203.0.113.9/24", $"IpPermissions.1.Groups.1.GroupId={id}", "IpPermissions.1.Ipv6Ranges.1.CidrIpv6=2001:db8::1/128"];
        var added = await sandbox.CallAsync("AuthorizeSecurityGroupIngress", rule);
        Assert.Equal(3, added.Descendants("securityGroupRuleId").Count());
        Assert.Equal("203.0.113.0/24", added.Descendants("cidrIpv4").Single().Value);
        Assert.Equal("InvalidPermission.Duplicate", await sandbox.CodeOfAsync("AuthorizeSecurityGroupIngress", rule));
        string[] range = [$"GroupId={id}", .. s_ssh, "IpPermissions.1.IpRanges.1.CidrIp=203.0.113.0/24"];
        await sandbox.CallAsync("RevokeSecurityGroupIngress", range);
        Assert.Equal("InvalidPermission.NotFound", await sandbox.CodeOfAsync("RevokeSecurityGroupIngress", range));
        var group = (await sandbox.CallAsync("DescribeSecurityGroups", $"GroupId.1={id}")).Descendants("ipPermissions").Single();
        Assert.Empty(group.Descendants("cidrIp"));
        Assert.Equal(id, group.Descendants("groupId").Single().Value);
    }

    [Theory]
    [InlineData("IpPermissions.1.IpRanges.1.CidrIp=203.0.113.9")]
    [InlineData("IpPermissions.1.IpRanges.1.CidrIp=203.0.113.9/33")]
    [InlineData("IpPermissions.1.IpRanges.1.CidrIp=2001:db8::1/64")]
    [InlineData("IpPermissions.1.Ipv6Ranges.1.CidrIpv6=203.0.113.9/32")]
    public async Task A_malformed_range_is_refused(string range)
        => Assert.Equal("InvalidParameterValue", await sandbox.CodeOfAsync("AuthorizeSecurityGroupIngress", ["GroupName=default", .. s_ssh, range]));

    [Fact]
    public async Task A_group_in_use_cannot_go_and_a_name_is_taken_once()
    {
        var id = await GroupAsync("in-use");
        Assert.Equal("InvalidGroup.Duplicate", await sandbox.CodeOfAsync("CreateSecurityGroup", "GroupName=in-use", "GroupDescription=again"));
        var instance = (await sandbox.LaunchAsync(1, $"SecurityGroupId.1={id}"))[0];
        Assert.Equal("DependencyViolation", await sandbox.CodeOfAsync("DeleteSecurityGroup", $"GroupId={id}"));
        await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={instance}");
        await sandbox.StateAsync(instance, "terminated");
        await sandbox.CallAsync("DeleteSecurityGroup", $"GroupId={id}");
        Assert.Equal("CannotDelete", await sandbox.CodeOfAsync("DeleteSecurityGroup", "GroupName=default"));
    }

    private async Task<string> GroupAsync(string name)
        => (await sandbox.CallAsync("CreateSecurityGroup", $"GroupName={name}", "GroupDescription=test")).Element("groupId")!.Value;
}
