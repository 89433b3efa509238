using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Network;

/// <summary>
/// The security group <c>fe2-ssh</c>: tcp/22 from the caller's own address and from the group's own machines, from nowhere else.
/// Rules of other people and computers are left alone; each of ours carries <c>fe2 user@computer</c> as its description.
/// </summary>
public sealed class SshAccess(Fe2Session session)
{
    /// <summary>The group's name, one in each VPC.</summary>
    public const string GroupName = "fe2-ssh";

    private const int SshPort = 22;

    private string Mark => $"fe2 {Owner.Of(session.Environment)}";

    /// <summary>Makes the group where it is missing, mends its rules where they do not fit, and returns its id.</summary>
    /// <param name="vpcId">The VPC.</param>
    /// <param name="cidr">From where ssh is allowed, or null for the caller's own address (or <c>Set-Fe2Default -Cidr</c>).</param>
    /// <param name="report">Told when a rule changes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="Fe2Exception"><c>CallerAddressUnknown</c>, <c>CidrInvalid</c>, or a refusal.</exception>
    public Task<string> EnsureAsync(
        string vpcId, string? cidr = null, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("allow ssh from this computer", GroupName, async () =>
        {
            Task<SecurityGroup?> finding = FindAsync(vpcId, cancellationToken);
            string source = await SourceAsync(cidr, cancellationToken).ConfigureAwait(false);
            SecurityGroup group = await finding.ConfigureAwait(false)
                ?? await CreateAsync(vpcId, cancellationToken).ConfigureAwait(false);
            await MendAsync(group, source, report, cancellationToken).ConfigureAwait(false);
            return group.GroupId;
        });

    /// <summary>
    /// Lets this computer in again after its address changed. Does nothing for an instance that is not in a group <c>fe2-ssh</c>:
    /// its rules are somebody else's decision. At most one question a minute unless <paramref name="fresh"/>.
    /// </summary>
    /// <returns>True where a rule was changed.</returns>
    public Task<bool> MendAsync(
        Instance instance, bool fresh = false, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("allow ssh from this computer", instance.InstanceId, async () =>
        {
            if (instance.SecurityGroups.FirstOrDefault(g => g.GroupName == GroupName) is not { } membership)
                return false;
            string source = session.Defaults.Cidr is { } kept
                ? Cidr.Parse(kept)
                : await new CallerAddress(session).FindCidrAsync(fresh, cancellationToken).ConfigureAwait(false);
            DescribeSecurityGroupsResponse answer = await session.Ec2.DescribeSecurityGroupsAsync(
                new DescribeSecurityGroupsRequest { GroupIds = [membership.GroupId] }, cancellationToken).ConfigureAwait(false);
            return answer.SecurityGroups.FirstOrDefault() is { } group
                && await MendAsync(group, source, report, cancellationToken).ConfigureAwait(false);
        });

    private async Task<string> SourceAsync(string? cidr, CancellationToken cancellationToken) =>
        (cidr ?? session.Defaults.Cidr) is { } given
            ? Cidr.Parse(given)
            : await new CallerAddress(session).FindCidrAsync(false, cancellationToken).ConfigureAwait(false);

    private async Task<SecurityGroup?> FindAsync(string vpcId, CancellationToken cancellationToken)
    {
        DescribeSecurityGroupsResponse answer = await session.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest
            {
                Filters = [new Filter { Name = "group-name", Values = [GroupName] }, new Filter { Name = "vpc-id", Values = [vpcId] }],
            },
            cancellationToken).ConfigureAwait(false);
        return answer.SecurityGroups.FirstOrDefault();
    }

    private async Task<SecurityGroup> CreateAsync(string vpcId, CancellationToken cancellationToken)
    {
        try
        {
            CreateSecurityGroupResponse made = await session.Ec2.CreateSecurityGroupAsync(
                new CreateSecurityGroupRequest
                {
                    GroupName = GroupName,
                    Description = "ssh for machines that Fe2Ps launches",
                    VpcId = vpcId,
                    TagSpecifications =
                    [
                        new TagSpecification
                        {
                            ResourceType = ResourceType.SecurityGroup,
                            Tags = [new Tag(TagNames.Name, GroupName), new Tag(TagNames.Owner, Owner.Of(session.Environment))],
                        },
                    ],
                },
                cancellationToken).ConfigureAwait(false);
            return new SecurityGroup { GroupId = made.GroupId, GroupName = GroupName, VpcId = vpcId, IpPermissions = [] };
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidGroup.Duplicate")
        {
            // Somebody made it between the two calls.
            return await FindAsync(vpcId, cancellationToken).ConfigureAwait(false) ?? throw new Fe2Exception(
                "SecurityGroupUnseen", Fe2ErrorKind.InvalidState, $"The security group {GroupName} was just made by someone else and is not visible yet.",
                "Try again in a few seconds.", GroupName, e);
        }
    }

    private async Task<bool> MendAsync(
        SecurityGroup group, string source, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<IpPermission> ssh = [.. group.IpPermissions.Where(p => p.IpProtocol is "tcp" && p.FromPort <= SshPort && p.ToPort >= SshPort)];
        bool hasSelf = ssh.Any(p => p.UserIdGroupPairs.Any(g => g.GroupId == group.GroupId));
        bool hasSource = ssh.Any(p => p.Ipv4Ranges.Any(r => r.CidrIp == source) || p.Ipv6Ranges.Any(r => r.CidrIpv6 == source));
        List<string> stale =
        [
            .. ssh.SelectMany(p => p.Ipv4Ranges).Where(r => r.Description == Mark && r.CidrIp != source).Select(r => r.CidrIp),
            .. ssh.SelectMany(p => p.Ipv6Ranges).Where(r => r.Description == Mark && r.CidrIpv6 != source).Select(r => r.CidrIpv6),
        ];
        if (!hasSelf)
        {
            IpPermission self = Rule();
            self.UserIdGroupPairs = [new UserIdGroupPair { GroupId = group.GroupId, Description = "machines of this group" }];
            await AuthorizeAsync(group.GroupId, self, cancellationToken).ConfigureAwait(false);
        }

        if (hasSource)
            return false;
        await AuthorizeAsync(group.GroupId, RuleFor(source), cancellationToken).ConfigureAwait(false);
        report?.Report(new VerboseReport($"{GroupName} ({group.GroupId}) now allows ssh from {source}."));
        foreach (string old in stale)
        {
            // The old address may belong to a stranger by now.
            await RevokeAsync(group.GroupId, RuleFor(old), cancellationToken).ConfigureAwait(false);
            report?.Report(new VerboseReport($"{GroupName} ({group.GroupId}) no longer allows ssh from {old}."));
        }

        return true;
    }

    private async Task AuthorizeAsync(string groupId, IpPermission rule, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.AuthorizeSecurityGroupIngressAsync(
                new AuthorizeSecurityGroupIngressRequest { GroupId = groupId, IpPermissions = [rule] }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidPermission.Duplicate")
        {
        }
    }

    private async Task RevokeAsync(string groupId, IpPermission rule, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.RevokeSecurityGroupIngressAsync(
                new RevokeSecurityGroupIngressRequest { GroupId = groupId, IpPermissions = [rule] }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidPermission.NotFound")
        {
        }
    }

    private static IpPermission Rule() => new() { IpProtocol = "tcp", FromPort = SshPort, ToPort = SshPort };

    private IpPermission RuleFor(string source)
    {
        IpPermission rule = Rule();
        if (source.Contains(':', StringComparison.Ordinal))
            rule.Ipv6Ranges = [new Ipv6Range { CidrIpv6 = source, Description = Mark }];
        else
            rule.Ipv4Ranges = [new IpRange { CidrIp = source, Description = Mark }];
        return rule;
    }
}
