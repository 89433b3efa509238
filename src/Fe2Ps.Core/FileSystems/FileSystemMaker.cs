using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using EfsTag = Amazon.ElasticFileSystem.Model.Tag;
using Tag = Amazon.EC2.Model.Tag;

namespace Fe2Ps.Core.FileSystems;

/// <summary>
/// Makes shared file systems, and the ways to them: encrypted, a mount target in each zone of the machines' network, and a security group of
/// its own that lets NFS in from the machines' security groups and from nowhere else. Source: "Creating and managing mount targets and
/// security groups" in the EFS user guide.
/// </summary>
internal sealed class FileSystemMaker(Fe2Session session)
{
    private const int NfsPort = 2049;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Makes a file system and waits until it is available. Raw errors.</summary>
    public async Task<FileSystemDescription> MakeAsync(string name, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        report?.Report(new ProgressReport(activity, "Creating the file system", 5));
        CreateFileSystemResponse made = await session.FileSystems.CreateFileSystemAsync(
            new CreateFileSystemRequest
            {
                CreationToken = Guid.NewGuid().ToString("N"),
                Encrypted = true,
                Tags =
                [
                    new EfsTag { Key = TagNames.Name, Value = name },
                    new EfsTag { Key = TagNames.Owner, Value = Owner.Of(session.Environment) },
                ],
            },
            cancellationToken).ConfigureAwait(false);
        return await UntilAvailableAsync(made.FileSystemId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the way from machines to a file system: what of security group, rules and mount targets is missing is made.</summary>
    /// <returns>Its mount targets, all available.</returns>
    public async Task<IReadOnlyList<MountTargetDescription>> OpenAsync(
        FileSystemDescription system, IReadOnlyList<Amazon.EC2.Model.Instance> machines, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        string vpc = machines[0].VpcId;
        List<MountTargetDescription> targets = await TargetsAsync(system.FileSystemId, cancellationToken).ConfigureAwait(false);
        string? group = (await GroupsAsync(system.FileSystemId, vpc, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
        IReadOnlyList<Subnet> open = await SubnetsAsync(vpc, machines, cancellationToken).ConfigureAwait(false);
        List<Subnet> missing = [.. open.Where(s => targets.All(t => t.AvailabilityZoneName != s.AvailabilityZone))];
        if (missing.Count > 0)
            group ??= await MakeGroupAsync(system, vpc, cancellationToken).ConfigureAwait(false);
        if (group is not null)
            await AllowAsync(group, machines, cancellationToken).ConfigureAwait(false);
        foreach (Subnet subnet in missing)
        {
            report?.Report(new ProgressReport(activity, $"Opening it in {subnet.AvailabilityZone}", 20));
            await MakeTargetAsync(system.FileSystemId, subnet, group!, cancellationToken).ConfigureAwait(false);
        }

        DateTimeOffset end = session.Clock.GetUtcNow() + Limit;
        for (int n = 0; ; n++)
        {
            targets = await TargetsAsync(system.FileSystemId, cancellationToken).ConfigureAwait(false);
            MountTargetDescription? late = targets.Find(t => t.LifeCycleState?.Value != "available");
            if (late is null)
                return targets;
            if (session.Clock.GetUtcNow() >= end)
                throw FileSystemErrors.Slow($"The mount target {late.MountTargetId}", late.LifeCycleState?.Value ?? "unknown");
            report?.Report(new ProgressReport(activity, $"Its mount target in {late.AvailabilityZoneName} is {late.LifeCycleState?.Value}", 30));
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The mount targets that there are. Raw errors.</summary>
    public async Task<List<MountTargetDescription>> TargetsAsync(string id, CancellationToken cancellationToken)
    {
        var found = new List<MountTargetDescription>();
        var request = new DescribeMountTargetsRequest { FileSystemId = id };
        do
        {
            DescribeMountTargetsResponse page = await session.FileSystems.DescribeMountTargetsAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.MountTargets);
            request.Marker = page.NextMarker;
        }
        while (!string.IsNullOrEmpty(request.Marker));
        return found;
    }

    /// <summary>The security groups that were made for a file system. Raw errors.</summary>
    public async Task<IReadOnlyList<string>> GroupsAsync(string id, string? vpc, CancellationToken cancellationToken)
    {
        DescribeSecurityGroupsResponse answer = await session.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [InstanceQuery.Filter($"tag:{FileSystemFacts.FileSystemTag}", [id])] }, cancellationToken).ConfigureAwait(false);
        return [.. answer.SecurityGroups.Where(g => vpc is null || g.VpcId == vpc).Select(g => g.GroupId)];
    }

    private async Task<FileSystemDescription> UntilAvailableAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + Limit;
        for (int n = 0; ; n++)
        {
            FileSystemDescription? now = await new FileSystemQuery(session).TryGetAsync(id, cancellationToken).ConfigureAwait(false);
            if (now is not null && FileSystemFacts.StateOf(now) == "available")
                return now;
            if (session.Clock.GetUtcNow() >= end)
                throw FileSystemErrors.Slow($"The file system {id}", now is null ? "unknown" : FileSystemFacts.StateOf(now));
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One subnet in each zone: where a machine is its own, else the default one.</summary>
    private async Task<IReadOnlyList<Subnet>> SubnetsAsync(string vpc, IReadOnlyList<Amazon.EC2.Model.Instance> machines, CancellationToken cancellationToken)
    {
        DescribeSubnetsResponse answer = await session.Ec2.DescribeSubnetsAsync(
            new DescribeSubnetsRequest { Filters = [InstanceQuery.Filter("vpc-id", [vpc]), InstanceQuery.Filter("state", ["available"])] }, cancellationToken).ConfigureAwait(false);
        HashSet<string> used = [.. machines.Select(m => m.SubnetId)];
        return
        [
            .. answer.Subnets.Where(s => used.Contains(s.SubnetId) || s.DefaultForAz == true)
                .OrderBy(s => used.Contains(s.SubnetId) ? 0 : 1).DistinctBy(s => s.AvailabilityZone).OrderBy(s => s.AvailabilityZone, StringComparer.Ordinal),
        ];
    }

    private async Task<string> MakeGroupAsync(FileSystemDescription system, string vpc, CancellationToken cancellationToken)
    {
        CreateSecurityGroupResponse made = await session.Ec2.CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest
            {
                GroupName = $"fe2-efs-{system.FileSystemId}",
                Description = "NFS from machines to a file system that Fe2Ps mounts",
                VpcId = vpc,
                TagSpecifications =
                [
                    new TagSpecification
                    {
                        ResourceType = ResourceType.SecurityGroup,
                        Tags =
                        [
                            new Tag(TagNames.Name, $"fe2-efs-{system.FileSystemId}"),
                            new Tag(TagNames.Owner, Owner.Of(session.Environment)),
                            new Tag(FileSystemFacts.FileSystemTag, system.FileSystemId),
                        ],
                    },
                ],
            },
            cancellationToken).ConfigureAwait(false);
        return made.GroupId;
    }

    /// <summary>Lets the machines' first security group in; fe2-ssh where they have it.</summary>
    private async Task AllowAsync(string group, IReadOnlyList<Amazon.EC2.Model.Instance> machines, CancellationToken cancellationToken)
    {
        IEnumerable<string> sources = machines
            .Select(m => (m.SecurityGroups.Find(g => g.GroupName == Network.SshAccess.GroupName) ?? m.SecurityGroups.FirstOrDefault())?.GroupId)
            .OfType<string>().Distinct(StringComparer.Ordinal);
        foreach (string source in sources)
        {
            try
            {
                await FreshRetry.RunAsync(session, () => session.Ec2.AuthorizeSecurityGroupIngressAsync(
                    new AuthorizeSecurityGroupIngressRequest
                    {
                        GroupId = group,
                        IpPermissions =
                        [
                            new IpPermission
                            {
                                IpProtocol = "tcp",
                                FromPort = NfsPort,
                                ToPort = NfsPort,
                                UserIdGroupPairs = [new UserIdGroupPair { GroupId = source, Description = "machines that mount it" }],
                            },
                        ],
                    },
                    cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidPermission.Duplicate")
            {
                // It is in already.
            }
        }
    }

    private async Task MakeTargetAsync(string id, Subnet subnet, string group, CancellationToken cancellationToken)
    {
        try
        {
            await session.FileSystems.CreateMountTargetAsync(
                new CreateMountTargetRequest { FileSystemId = id, SubnetId = subnet.SubnetId, SecurityGroups = [group] }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonElasticFileSystemException e) when (e.ErrorCode == "MountTargetConflict")
        {
            // Somebody else has just made one in this zone.
        }
    }
}
