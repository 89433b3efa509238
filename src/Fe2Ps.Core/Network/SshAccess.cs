using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Network;

/// <summary>
/// The security group <c>fe2-ssh</c>: tcp/22 from the caller's own address and from the group's own machines, from nowhere else.
/// Rules of other people and computers are left alone. The rule for the address that was found here carries <c>fe2 user@computer</c> as its
/// description and moves with the address; a network that was given with -Cidr carries <c>fe2 user@computer -Cidr</c> and stays.
/// </summary>
public sealed class SshAccess(Fe2Session session)
{
    /// <summary>The group's name, one in each VPC.</summary>
    public const string GroupName = "fe2-ssh";

    private const int SshPort = 22;

    /// <summary>How long a group that somebody else has just made may stay unseen.</summary>
    private static readonly TimeSpan VisibilityLimit = TimeSpan.FromSeconds(30);

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
            Source source = await SourceAsync(cidr, false, cancellationToken).ConfigureAwait(false);
            if (await finding.ConfigureAwait(false) is { } group)
            {
                await MendAsync(group, false, source, report, cancellationToken).ConfigureAwait(false);
                return group.GroupId;
            }

            group = await CreateAsync(vpcId, cancellationToken).ConfigureAwait(false);
            await MendAsync(group, true, source, report, cancellationToken).ConfigureAwait(false);
            return group.GroupId;
        });

    /// <summary>
    /// Lets this computer in again after its address changed. Does nothing for an instance that is not in a group <c>fe2-ssh</c>:
    /// its rules are somebody else's decision. At most one question a minute unless <paramref name="fresh"/>.
    /// </summary>
    /// <returns>True where a way in was opened.</returns>
    public Task<bool> MendAsync(
        Instance instance, bool fresh = false, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("allow ssh from this computer", instance.InstanceId, async () =>
        {
            if (instance.SecurityGroups.FirstOrDefault(g => g.GroupName == GroupName) is not { } membership)
                return false;
            Source source = await SourceAsync(null, fresh, cancellationToken).ConfigureAwait(false);
            DescribeSecurityGroupsResponse answer = await session.Ec2.DescribeSecurityGroupsAsync(
                new DescribeSecurityGroupsRequest { GroupIds = [membership.GroupId] }, cancellationToken).ConfigureAwait(false);
            return answer.SecurityGroups.FirstOrDefault() is { } group
                && await MendAsync(group, false, source, report, cancellationToken).ConfigureAwait(false);
        });

    private async Task<Source> SourceAsync(string? cidr, bool fresh, CancellationToken cancellationToken) =>
        (cidr ?? session.Defaults.Cidr) is { } given
            ? new Source(Cidr.Parse(given), $"{Mark} -Cidr", IsGiven: true)
            : new Source(await new CallerAddress(session).FindCidrAsync(fresh, cancellationToken).ConfigureAwait(false), Mark, IsGiven: false);

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
        DateTimeOffset giveUp = session.Clock.GetUtcNow() + VisibilityLimit;
        for (int n = 0; ; n++)
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
                // Somebody made it between the two calls, or an answer of ours was lost; EC2 may show it only later.
                if (await FindAsync(vpcId, cancellationToken).ConfigureAwait(false) is { } made)
                    return made;
                if (session.Clock.GetUtcNow() >= giveUp)
                {
                    throw new Fe2Exception(
                        "SecurityGroupUnseen", Fe2ErrorKind.InvalidState, $"The security group {GroupName} was just made by someone else and is not visible yet.",
                        "Try again in a few seconds.", GroupName, e);
                }

                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <param name="isFresh">True for a group that was made a moment ago: EC2 may not know it yet.</param>
    private async Task<bool> MendAsync(
        SecurityGroup group, bool isFresh, Source source, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<IpPermission> ssh = [.. group.IpPermissions.Where(p => p.IpProtocol is "tcp" && p.FromPort <= SshPort && p.ToPort >= SshPort)];
        bool hasSelf = ssh.Any(p => p.UserIdGroupPairs.Any(g => g.GroupId == group.GroupId));
        bool hasSource = ssh.Any(p => p.Ipv4Ranges.Any(r => r.CidrIp == source.Cidr) || p.Ipv6Ranges.Any(r => r.CidrIpv6 == source.Cidr));
        if (!hasSelf)
        {
            IpPermission self = Rule();
            self.UserIdGroupPairs = [new UserIdGroupPair { GroupId = group.GroupId, Description = "machines of this group" }];
            await AuthorizeAsync(group.GroupId, self, isFresh, cancellationToken).ConfigureAwait(false);
        }

        if (!hasSource)
        {
            await AuthorizeAsync(group.GroupId, RuleFor(source.Cidr, source.Mark), isFresh, cancellationToken).ConfigureAwait(false);
            report?.Report(new VerboseReport($"{GroupName} ({group.GroupId}) now allows ssh from {source.Cidr}."));
        }

        // A network that was given says nothing about where this computer is.
        foreach (string old in source.IsGiven ? [] : StaleAddresses(ssh, source.Cidr))
            await CloseAsync(group.GroupId, old, report, cancellationToken).ConfigureAwait(false);
        return !hasSource;
    }

    /// <summary>Addresses that were this computer's own. Only single addresses ever are; a wider network was somebody's wish.</summary>
    private IEnumerable<string> StaleAddresses(List<IpPermission> ssh, string own) =>
    [
        .. ssh.SelectMany(p => p.Ipv4Ranges).Where(r => r.Description == Mark).Select(r => r.CidrIp)
            .Concat(ssh.SelectMany(p => p.Ipv6Ranges).Where(r => r.Description == Mark).Select(r => r.CidrIpv6))
            .Where(c => c != own && (c.EndsWith("/32", StringComparison.Ordinal) && !c.Contains(':', StringComparison.Ordinal)
                || c.EndsWith("/128", StringComparison.Ordinal))),
    ];

    /// <summary>An old address may belong to a stranger by now. Where it cannot be closed, that is told: it holds up nothing.</summary>
    private async Task CloseAsync(string groupId, string old, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        try
        {
            await RevokeAsync(groupId, RuleFor(old, Mark), cancellationToken).ConfigureAwait(false);
            report?.Report(new VerboseReport($"{GroupName} ({groupId}) no longer allows ssh from {old}."));
        }
        catch (AmazonEC2Exception e)
        {
            report?.Report(new WarningReport(
                $"{GroupName} ({groupId}) still allows ssh from {old}, which was this computer's address before: it could not be closed ({e.ErrorCode}). "
                + $"To close it: aws ec2 revoke-security-group-ingress --region {session.Region} --group-id {groupId} {RuleText(old)}"));
        }
    }

    private async Task AuthorizeAsync(string groupId, IpPermission rule, bool isFresh, CancellationToken cancellationToken)
    {
        var request = new AuthorizeSecurityGroupIngressRequest { GroupId = groupId, IpPermissions = [rule] };
        try
        {
            if (isFresh)
                await FreshRetry.RunAsync(session, () => session.Ec2.AuthorizeSecurityGroupIngressAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            else
                await session.Ec2.AuthorizeSecurityGroupIngressAsync(request, cancellationToken).ConfigureAwait(false);
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

    /// <summary>The AWS command line takes an IPv6 network in the long form only.</summary>
    private static string RuleText(string cidr) => cidr.Contains(':', StringComparison.Ordinal)
        ? $"--ip-permissions 'IpProtocol=tcp,FromPort={SshPort},ToPort={SshPort},Ipv6Ranges=[{{CidrIpv6={cidr}}}]'"
        : $"--protocol tcp --port {SshPort} --cidr {cidr}";

    private static IpPermission Rule() => new() { IpProtocol = "tcp", FromPort = SshPort, ToPort = SshPort };

    private static IpPermission RuleFor(string source, string description)
    {
        IpPermission rule = Rule();
        if (source.Contains(':', StringComparison.Ordinal))
            rule.Ipv6Ranges = [new Ipv6Range { CidrIpv6 = source, Description = description }];
        else
            rule.Ipv4Ranges = [new IpRange { CidrIp = source, Description = description }];
        return rule;
    }

    /// <summary>From where ssh is to be allowed.</summary>
    /// <param name="Cidr">The network.</param>
    /// <param name="Mark">What its rule carries as description.</param>
    /// <param name="IsGiven">True for a network that the user chose, false for this computer's own address.</param>
    private sealed record Source(string Cidr, string Mark, bool IsGiven);
}
