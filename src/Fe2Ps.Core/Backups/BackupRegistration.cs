using Amazon.DLM;
using Amazon.DLM.Model;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using DlmTag = Amazon.DLM.Model.Tag;
using Tag = Amazon.EC2.Model.Tag;

namespace Fe2Ps.Core.Backups;

/// <summary>A backup to make: of volumes, or of instances with all their volumes.</summary>
/// <param name="Name">The name.</param>
/// <param name="Schedule">When, and how many are kept.</param>
public sealed record BackupRequest(string Name, BackupSchedule Schedule)
{
    /// <summary>The volumes.</summary>
    public IReadOnlyList<Volume> Volumes { get; init; } = [];

    /// <summary>The instances; either these or volumes.</summary>
    public IReadOnlyList<Instance> Instances { get; init; } = [];

    /// <summary>Leaves out the disks that the instances boot from.</summary>
    public bool ExcludeRoot { get; init; }
}

/// <summary>
/// Makes and ends backups. A backup is a policy that looks for a tag; the tag is set when the policy is there, and a policy whose
/// tag cannot be set is removed again.
/// </summary>
public sealed class BackupRegistration(Fe2Session session, IProgress<Fe2Report>? report = null)
{
    /// <summary>How long a role that was made a moment ago may be unknown to others.</summary>
    private static readonly TimeSpan RolePatience = TimeSpan.FromMinutes(1);

    private readonly BackupQuery query = new(session);

    /// <summary>Makes a backup.</summary>
    /// <returns>It, with the time of its first snapshots.</returns>
    /// <exception cref="Fe2Exception"><c>BackupExists</c>, <c>NameInvalid</c>, <c>VolumeMissing</c>, ...</exception>
    public Task<Backup> RegisterAsync(BackupRequest request, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"make backup {request.Name}", request.Name, async () =>
        {
            if (request.Name.Length is 0 or > 100 || NamePattern.HasWildcard(request.Name) || request.Name.Trim() != request.Name || request.Name.Any(char.IsControl)
                || request.Name.StartsWith("policy-", StringComparison.Ordinal))
                throw BackupErrors.NameInvalid(request.Name);
            List<string> resources = [.. request.Volumes.Select(v => v.VolumeId), .. request.Instances.Select(i => i.InstanceId)];
            if (resources.Count == 0)
                throw BackupErrors.NothingToBackUp();
            LifecyclePolicySummary? same = (await query.SummariesAsync(cancellationToken).ConfigureAwait(false)).Find(p => BackupQuery.NameOf(p) == request.Name);
            if (same is not null && await query.TryGetWholeAsync(same.PolicyId, cancellationToken).ConfigureAwait(false) is { } other)
                throw BackupErrors.Exists(other);

            string policyId = await CreateAsync(request, cancellationToken).ConfigureAwait(false);
            try
            {
                await session.Ec2.CreateTagsAsync(
                    new CreateTagsRequest { Resources = resources, Tags = [new Tag(BackupTags.Target(request.Name), BackupTags.Wanted)] }, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await EndAsync(policyId, request.Name).ConfigureAwait(false);
                throw;
            }

            Backup made = await query.TryGetWholeAsync(policyId, cancellationToken).ConfigureAwait(false) ?? throw BackupErrors.NotFound(request.Name, session.Region);
            // A tag of a moment ago may not be seen yet.
            return made with
            {
                Of = [.. request.Volumes.Select(v => VolumeFacts.NameOf(v) ?? v.VolumeId), .. request.Instances.Select(i => InstanceFacts.NameOf(i) ?? i.InstanceId)],
                ResourceIds = resources,
            };
        });

    /// <summary>Ends a backup. Its snapshots stay; what stays and costs is said. One that is gone already is no failure.</summary>
    public Task UnregisterAsync(Backup backup, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"end backup {backup.Name}", backup.Name, async () =>
        {
            try
            {
                await session.Backups.DeleteLifecyclePolicyAsync(new DeleteLifecyclePolicyRequest { PolicyId = backup.PolicyId }, cancellationToken).ConfigureAwait(false);
            }
            catch (ResourceNotFoundException)
            {
                // The end that was wanted.
            }

            if (backup.ResourceIds.Count > 0)
            {
                await session.Ec2.DeleteTagsAsync(
                    new DeleteTagsRequest { Resources = [.. backup.ResourceIds], Tags = [new Tag { Key = BackupTags.Target(backup.Name) }] }, cancellationToken).ConfigureAwait(false);
            }

            if (backup.Snapshots > 0)
            {
                report?.Report(new WarningReport(
                    $"The backup {backup.Name} has ended. Its {backup.Snapshots} snapshots stay and cost money; nothing removes them by itself any more. Get-Fe2Snapshot shows them, Remove-Fe2Snapshot removes them."));
            }

            await TellOfRoleAsync(cancellationToken).ConfigureAwait(false);
        });

    /// <summary>The role is of the whole account: policies of other regions may need it, so it is not removed. It costs nothing.</summary>
    private async Task TellOfRoleAsync(CancellationToken cancellationToken)
    {
        try
        {
            if ((await session.Backups.GetLifecyclePoliciesAsync(new GetLifecyclePoliciesRequest(), cancellationToken).ConfigureAwait(false)).Policies.Count == 0
                && await new BackupRole(session).IsOursAsync(cancellationToken).ConfigureAwait(false))
            {
                report?.Report(new VerboseReport(
                    $"The role {BackupRole.Name}, which Fe2Ps has made, stays; it costs nothing. No policy of {session.Region} uses it any more, but one of another region may."));
            }
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            // A courtesy.
        }
    }

    private async Task<string> CreateAsync(BackupRequest request, CancellationToken cancellationToken)
    {
        (string role, bool isNew) = await new BackupRole(session).GetAsync(cancellationToken).ConfigureAwait(false);
        string id = Guid.NewGuid().ToString("n");
        bool ofInstances = request.Instances.Count > 0;
        var call = new CreateLifecyclePolicyRequest
        {
            ExecutionRoleArn = role,
            // The service takes these characters only.
            Description = $"Fe2Ps backup {string.Concat(request.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ' ' ? c : '_'))}",
            State = SettablePolicyStateValues.ENABLED,
            Tags = new Dictionary<string, string>
            {
                [BackupTags.Snapshot] = request.Name,
                [TagNames.Owner] = Owner.Of(session.Environment),
                [TagNames.Request] = id,
            },
            PolicyDetails = new PolicyDetails
            {
                PolicyType = PolicyTypeValues.EBS_SNAPSHOT_MANAGEMENT,
                ResourceTypes = [ofInstances ? ResourceTypeValues.INSTANCE : ResourceTypeValues.VOLUME],
                TargetTags = [new DlmTag { Key = BackupTags.Target(request.Name), Value = BackupTags.Wanted }],
                Schedules = [request.Schedule.ToPolicy(request.Name)],
                Parameters = ofInstances && request.ExcludeRoot ? new Parameters { ExcludeBootVolume = true } : null,
            },
        };
        DateTimeOffset end = session.Clock.GetUtcNow() + RolePatience;
        for (int n = 0; ; n++)
        {
            try
            {
                CreateLifecyclePolicyResponse made = await session.Backups.CreateLifecyclePolicyAsync(call, cancellationToken).ConfigureAwait(false);
                await RemoveTwinsAsync(id, made.PolicyId, request.Name, cancellationToken).ConfigureAwait(false);
                return made.PolicyId;
            }
            catch (InvalidRequestException e) when (isNew && e.Message.Contains("role", StringComparison.OrdinalIgnoreCase) && session.Clock.GetUtcNow() < end)
            {
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>An order whose answer was lost on the way is given again below us; two policies would take every snapshot twice.</summary>
    private async Task RemoveTwinsAsync(string requestId, string policyId, string name, CancellationToken cancellationToken)
    {
        List<LifecyclePolicySummary> all = await query.SummariesAsync(cancellationToken).ConfigureAwait(false);
        foreach (LifecyclePolicySummary twin in all.Where(p => p.PolicyId != policyId && p.Tags.GetValueOrDefault(TagNames.Request) == requestId))
            await EndAsync(twin.PolicyId, name).ConfigureAwait(false);
    }

    /// <summary>Removes a policy that is of no use. Never fails.</summary>
    private async Task EndAsync(string policyId, string name)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1), session.Clock);
            await session.Backups.DeleteLifecyclePolicyAsync(new DeleteLifecyclePolicyRequest { PolicyId = policyId }, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            report?.Report(new WarningReport($"The policy {policyId} of the backup {name} is left ({e.Message.TrimEnd('.')}). Run: Unregister-Fe2Backup {policyId}"));
        }
    }
}
