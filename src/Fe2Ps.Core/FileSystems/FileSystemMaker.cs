using System.Security.Cryptography;
using System.Text;
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
    private static readonly TimeSpan GroupPatience = TimeSpan.FromSeconds(90);

    /// <summary>After Ctrl+C the answer to an order is awaited for so long; the prompt returns within a second.</summary>
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromMilliseconds(700);

    /// <summary>
    /// Makes a file system, or takes the one that another call is just making under this name: the token of the order comes from the name, so
    /// two orders make one file system. Raw errors.
    /// </summary>
    /// <returns>Its id. It is not available yet: see <see cref="UntilAvailableAsync"/>.</returns>
    public async Task<string> MakeAsync(string name, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        report?.Report(new ProgressReport(activity, "Creating the file system", 5));
        string token = TokenOf(name);
        DateTimeOffset end = session.Clock.GetUtcNow() + Limit;
        for (int n = 0; ; n++)
        {
            if (await TryOrderAsync(name, token, report, cancellationToken).ConfigureAwait(false) is { } made)
                return made;
            FileSystemDescription? known = await ByTokenAsync(token, cancellationToken).ConfigureAwait(false);
            if (known is not null && FileSystemFacts.StateOf(known) is not ("deleting" or "deleted"))
            {
                if (FileSystemFacts.NameOf(known) == name)
                    return known.FileSystemId;
                // It has got another name since, and keeps its token for as long as it lives.
                token = TokenOf($"{name}\n{known.FileSystemId}");
                continue;
            }

            // One of this name is just going, and holds the token until it is gone.
            if (session.Clock.GetUtcNow() >= end)
                throw FileSystemErrors.Slow($"A file system that was called {name}", known is null ? "unknown" : FileSystemFacts.StateOf(known));
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What to say of a file system that was made and is mounted nowhere: it stays, and costs.</summary>
    internal static string Left(string name, string id, string region) =>
        $"The file system {name} ({id}) was made and stays; it costs by what is in it. The same command goes on with it; Remove-Fe2FileSystem {id} -Region {region} removes it.";

    /// <summary>The token of the order for a file system of this name, at most 64 characters. Source: "CreateFileSystem" in the EFS API reference.</summary>
    internal static string TokenOf(string name) => "fe2-" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..56];

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

    /// <summary>The file system as soon as it is available: before, EFS takes no mount targets. Raw errors.</summary>
    /// <exception cref="Fe2Exception"><c>FileSystemNotReady</c>, <c>FileSystemFailed</c>, or <c>FileSystemNotFound</c> where it was removed meanwhile.</exception>
    public async Task<FileSystemDescription> UntilAvailableAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + Limit;
        bool seen = false;
        for (int n = 0; ; n++)
        {
            FileSystemDescription? now = await new FileSystemQuery(session).TryGetAsync(id, cancellationToken).ConfigureAwait(false);
            if (now is not null && FileSystemFacts.StateOf(now) == "available")
                return now;
            if (now is null && seen)
                throw FileSystemErrors.NotFound(id, session.Region);
            if (now is not null && FileSystemFacts.StateOf(now) == "error")
                throw FileSystemErrors.Failed(now);
            seen |= now is not null;
            if (session.Clock.GetUtcNow() >= end)
                throw FileSystemErrors.Slow($"The file system {id}", now is null ? "unknown" : FileSystemFacts.StateOf(now));
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The id of what was made; null where there is one with this token already. The order is never cancelled half-way: its answer is the only
    /// sure news. Its token makes repeating it harmless.
    /// </summary>
    private async Task<string?> TryOrderAsync(string name, string token, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var order = new CreateFileSystemRequest
        {
            CreationToken = token,
            Encrypted = true,
            Tags =
            [
                new EfsTag { Key = TagNames.Name, Value = name },
                new EfsTag { Key = TagNames.Owner, Value = Owner.Of(session.Environment) },
            ],
        };
        cancellationToken.ThrowIfCancellationRequested();
        Task<CreateFileSystemResponse> ordering = session.FileSystems.CreateFileSystemAsync(order, CancellationToken.None);
        try
        {
            return (await ordering.WaitAsync(cancellationToken).ConfigureAwait(false)).FileSystemId;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(ordering, Task.Delay(CancellationGrace, session.Clock, CancellationToken.None)).ConfigureAwait(false);
            report?.Report(new WarningReport(ordering.IsCompletedSuccessfully
                ? Left(name, ordering.Result.FileSystemId, session.Region)
                : $"Interrupted while EFS had the order: the file system '{name}' may come. Get-Fe2FileSystem '{name}' -Region {session.Region} shows it, Remove-Fe2FileSystem removes it."));
            throw;
        }
        catch (AmazonElasticFileSystemException e) when (e.ErrorCode == "FileSystemAlreadyExists")
        {
            return null;
        }
    }

    private async Task<FileSystemDescription?> ByTokenAsync(string token, CancellationToken cancellationToken) =>
        (await session.FileSystems.DescribeFileSystemsAsync(new DescribeFileSystemsRequest { CreationToken = token }, cancellationToken).ConfigureAwait(false)).FileSystems?.FirstOrDefault();

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
        string name = $"fe2-efs-{system.FileSystemId}";
        try
        {
            return await OrderGroupAsync(name, system, vpc, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidGroup.Duplicate")
        {
            // Somebody else has just made it; EC2 may not show it at once.
            DateTimeOffset end = session.Clock.GetUtcNow() + GroupPatience;
            for (int n = 0; ; n++)
            {
                DescribeSecurityGroupsResponse there = await session.Ec2.DescribeSecurityGroupsAsync(
                    new DescribeSecurityGroupsRequest { Filters = [InstanceQuery.Filter("group-name", [name]), InstanceQuery.Filter("vpc-id", [vpc])] },
                    cancellationToken).ConfigureAwait(false);
                if (there.SecurityGroups is [var group, ..])
                    return group.GroupId;
                if (session.Clock.GetUtcNow() >= end)
                    throw;
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<string> OrderGroupAsync(string name, FileSystemDescription system, string vpc, CancellationToken cancellationToken)
    {
        CreateSecurityGroupResponse made = await session.Ec2.CreateSecurityGroupAsync(
            new CreateSecurityGroupRequest
            {
                GroupName = name,
                Description = "NFS from machines to a file system that Fe2Ps mounts",
                VpcId = vpc,
                TagSpecifications =
                [
                    new TagSpecification
                    {
                        ResourceType = ResourceType.SecurityGroup,
                        Tags =
                        [
                            new Tag(TagNames.Name, name),
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
