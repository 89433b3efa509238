using Amazon.DLM.Model;
using Amazon.EC2.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Backups;

/// <summary>What a selection found, and what it did not.</summary>
/// <param name="Backups">The backups, by name.</param>
/// <param name="Problems">One for each name or id that stands for nothing.</param>
public sealed record BackupSelection(IReadOnlyList<Backup> Backups, IReadOnlyList<Fe2Exception> Problems);

/// <summary>Finds the backups of a region by name and by the id of their policy.</summary>
public sealed class BackupQuery(Fe2Session session)
{
    private const string IdPrefix = "policy-";

    /// <summary>The backups that match.</summary>
    /// <param name="names">Names, names with wildcards, or ids of policies; empty means all.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public Task<BackupSelection> ListAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list backups", names.FirstOrDefault(), () => SelectAsync(NamePattern.ToShow(names, IdPrefix), oneEach: false, cancellationToken));

    /// <summary>The backups to act on: a name without wildcards that stands for several is a problem that lists the ids; no names mean no backups.</summary>
    public Task<BackupSelection> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find backups", names.FirstOrDefault(), () => SelectAsync(NamePattern.ToActOn(names, IdPrefix), oneEach: true, cancellationToken));

    /// <summary>Names for completion.</summary>
    internal async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken) => Names(await SummariesAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>The policies that this module has made. Raw errors.</summary>
    internal async Task<List<LifecyclePolicySummary>> SummariesAsync(CancellationToken cancellationToken) =>
        (await session.Backups.GetLifecyclePoliciesAsync(new GetLifecyclePoliciesRequest(), cancellationToken).ConfigureAwait(false))
            .Policies.FindAll(p => p.Tags?.ContainsKey(BackupTags.Snapshot) == true);

    /// <summary>One backup with what is under it, or null where it is gone. Raw errors.</summary>
    internal async Task<Backup?> TryGetWholeAsync(string policyId, CancellationToken cancellationToken) =>
        await TryGetAsync(policyId, cancellationToken).ConfigureAwait(false) is { } backup
            ? (await CompletedAsync([backup], cancellationToken).ConfigureAwait(false))[0] : null;

    internal static string NameOf(LifecyclePolicySummary policy) => policy.Tags[BackupTags.Snapshot];

    private static IReadOnlyList<string> Names(IEnumerable<LifecyclePolicySummary> policies) => [.. policies.Select(NameOf).Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];

    private async Task<BackupSelection> SelectAsync(NamePattern pattern, bool oneEach, CancellationToken cancellationToken)
    {
        List<LifecyclePolicySummary> all = await SummariesAsync(cancellationToken).ConfigureAwait(false);
        CompletionCache.Put(session, CompletionKind.Backup, Names(all));
        List<LifecyclePolicySummary> wanted = pattern.Everything ? all : all.FindAll(p => pattern.Ids.Contains(p.PolicyId) || pattern.Fits(NameOf(p)));
        var found = new List<Backup>();
        foreach (LifecyclePolicySummary summary in wanted)
        {
            if (await TryGetAsync(summary.PolicyId, cancellationToken).ConfigureAwait(false) is { } backup)
                found.Add(backup);
        }

        List<Fe2Exception> problems =
        [
            .. pattern.Ids.Where(id => found.All(b => b.PolicyId != id)).Select(id => BackupErrors.NotFound(id, session.Region)),
            .. pattern.Plain.Where(name => found.All(b => b.Name != name)).Select(name => BackupErrors.NotFound(name, session.Region)),
        ];
        foreach (Backup[] same in oneEach ? pattern.Plain.Select(name => found.Where(b => b.Name == name).ToArray()).Where(same => same.Length > 1) : [])
        {
            problems.Add(BackupErrors.Ambiguous(same));
            found.RemoveAll(b => same.Contains(b) && !pattern.Ids.Contains(b.PolicyId));
        }

        return new BackupSelection([.. (await CompletedAsync(found, cancellationToken).ConfigureAwait(false)).OrderBy(b => b.Name, NaturalOrder.Instance)], problems);
    }

    private async Task<Backup?> TryGetAsync(string policyId, CancellationToken cancellationToken)
    {
        LifecyclePolicy policy;
        try
        {
            policy = (await session.Backups.GetLifecyclePolicyAsync(new GetLifecyclePolicyRequest { PolicyId = policyId }, cancellationToken).ConfigureAwait(false)).Policy;
        }
        catch (ResourceNotFoundException)
        {
            return null;
        }

        // A schedule that somebody has changed by other means beyond what can be shown is none of ours any more.
        if (BackupSchedule.Of(policy.PolicyDetails) is not { } schedule || policy.Tags?.GetValueOrDefault(BackupTags.Snapshot) is not { } name)
            return null;
        string state = policy.State?.Value.ToLowerInvariant() ?? "unknown";
        return new Backup(name, policy.PolicyId, policy.PolicyDetails.ResourceTypes is ["INSTANCE"] ? BackupKind.Instance : BackupKind.Volume, schedule)
        {
            State = state,
            Problem = state == "error" ? policy.StatusMessage : null,
            ExcludeRoot = policy.PolicyDetails.Parameters?.ExcludeBootVolume == true,
            Next = state == "enabled" ? schedule.NextAfter(session.Clock.GetUtcNow()) : null,
            Owner = policy.Tags.GetValueOrDefault(TagNames.Owner),
        };
    }

    /// <summary>What is under each, and its snapshots: one question for each kind.</summary>
    private async Task<List<Backup>> CompletedAsync(List<Backup> backups, CancellationToken cancellationToken)
    {
        if (backups.Count == 0)
            return backups;
        ILookup<string, (string Id, string? Name)> volumes = await VolumesAsync(backups, cancellationToken).ConfigureAwait(false);
        ILookup<string, (string Id, string? Name)> instances = await InstancesAsync(backups, cancellationToken).ConfigureAwait(false);
        var snapshots = new List<Snapshot>();
        foreach (string[] few in backups.Select(b => b.PolicyId).Chunk(InstanceQuery.FilterValues))
            snapshots.AddRange(await new SnapshotQuery(session).ByFiltersAsync([InstanceQuery.Filter($"tag:{BackupTags.PolicyId}", few)], cancellationToken).ConfigureAwait(false));
        ILookup<string?, Snapshot> taken = snapshots.ToLookup(s => s.Tags?.FirstOrDefault(t => t.Key == BackupTags.PolicyId)?.Value);
        return backups.ConvertAll(backup =>
        {
            (string Id, string? Name)[] of = [.. (backup.Kind == BackupKind.Volume ? volumes : instances)[BackupTags.Target(backup.Name)]];
            return backup with
            {
                Of = [.. of.Select(o => o.Name ?? o.Id)],
                ResourceIds = [.. of.Select(o => o.Id)],
                Snapshots = taken[backup.PolicyId].Count(),
                Last = taken[backup.PolicyId].Max(s => s.StartTime) is { } last ? new DateTimeOffset(last.ToUniversalTime()) : null,
            };
        });
    }

    private async Task<ILookup<string, (string Id, string? Name)>> VolumesAsync(List<Backup> backups, CancellationToken cancellationToken)
    {
        var found = new List<Volume>();
        foreach (string[] few in Keys(backups, BackupKind.Volume))
            found.AddRange(await new VolumeQuery(session).ByFiltersAsync([InstanceQuery.Filter("tag-key", few)], cancellationToken).ConfigureAwait(false));
        return found.DistinctBy(v => v.VolumeId).Where(v => VolumeFacts.StateOf(v) is not ("deleting" or "deleted"))
            .SelectMany(v => v.Tags.Where(t => BackupTags.IsTarget(t.Key)), (v, tag) => (tag.Key, Value: (v.VolumeId, VolumeFacts.NameOf(v))))
            .ToLookup(p => p.Key, p => p.Value, StringComparer.Ordinal);
    }

    private async Task<ILookup<string, (string Id, string? Name)>> InstancesAsync(List<Backup> backups, CancellationToken cancellationToken)
    {
        var found = new List<Instance>();
        foreach (string[] few in Keys(backups, BackupKind.Instance))
            found.AddRange(await new InstanceQuery(session).ByFiltersAsync([InstanceQuery.Filter("tag-key", few)], cancellationToken).ConfigureAwait(false));
        return found.DistinctBy(i => i.InstanceId).Where(i => !InstanceFacts.IsEnding(i))
            .SelectMany(i => i.Tags.Where(t => BackupTags.IsTarget(t.Key)), (i, tag) => (tag.Key, Value: (i.InstanceId, InstanceFacts.NameOf(i))))
            .ToLookup(p => p.Key, p => p.Value, StringComparer.Ordinal);
    }

    private static IEnumerable<string[]> Keys(IEnumerable<Backup> backups, BackupKind kind) =>
        backups.Where(b => b.Kind == kind).Select(b => BackupTags.Target(b.Name)).Distinct(StringComparer.Ordinal).Chunk(InstanceQuery.FilterValues);
}
