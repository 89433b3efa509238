using Amazon.EC2.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Finds the account's own snapshots by name and id, and those that nothing uses.</summary>
public sealed class SnapshotQuery(Fe2Session session)
{
    private const int PageSize = 1000;

    /// <summary>The snapshots that match; a name that stands for several gives all of them.</summary>
    /// <param name="names">Names, names with wildcards, or ids; empty means all.</param>
    /// <param name="orphan">Only those whose volume is gone, of which no volume was made that still is, and that no image of the account uses.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public Task<SnapshotSelection> ListAsync(IReadOnlyList<string> names, bool orphan = false, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list snapshots", names.FirstOrDefault(), async () =>
        {
            SnapshotSelection found = await SelectAsync(names, oneEach: false, cancellationToken).ConfigureAwait(false);
            return orphan ? found with { Snapshots = await UnusedAsync(found.Snapshots, cancellationToken).ConfigureAwait(false) } : found;
        });

    /// <summary>The snapshots that were taken of these volumes, by id; a volume without one is no problem.</summary>
    public Task<SnapshotSelection> OfVolumesAsync(IReadOnlyList<string> volumeIds, bool orphan = false, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list snapshots", volumeIds.FirstOrDefault(), async () =>
        {
            var found = new List<Snapshot>();
            foreach (string[] few in volumeIds.Distinct(StringComparer.Ordinal).Chunk(InstanceQuery.FilterValues))
                found.AddRange(await ByFiltersAsync([InstanceQuery.Filter("volume-id", few)], cancellationToken).ConfigureAwait(false));
            IReadOnlyList<Snapshot> sorted = Search.Sorted(found);
            return new SnapshotSelection(orphan ? await UnusedAsync(sorted, cancellationToken).ConfigureAwait(false) : sorted, []);
        });

    /// <summary>The snapshots to act on: a name without wildcards that stands for several is a problem that lists the ids; no names mean no snapshots.</summary>
    public Task<SnapshotSelection> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find snapshots", names.FirstOrDefault(), () => SelectAsync(names, oneEach: true, cancellationToken));

    /// <summary>
    /// The snapshot with this id; with this name the newest one, finished or not: an older one in its place would be older data, and
    /// nobody would notice.
    /// </summary>
    /// <exception cref="Fe2Exception"><c>SnapshotNotFound</c>, <c>SnapshotFailed</c> where each of that name failed, <c>SnapshotNotReady</c>.</exception>
    public async Task<Snapshot> GetAsync(string nameOrId, CancellationToken cancellationToken = default)
    {
        SnapshotSelection found = await ListAsync([nameOrId], cancellationToken: cancellationToken).ConfigureAwait(false);
        Snapshot[] usable = [.. found.Snapshots.Where(s => SnapshotFacts.StateOf(s) != "error").OrderByDescending(s => s.StartTime).ThenByDescending(s => s.SnapshotId, StringComparer.Ordinal)];
        if (usable.Length == 0)
            throw found.Snapshots.Count > 0 ? StorageErrors.SnapshotFailed(found.Snapshots[0]) : StorageErrors.SnapshotNotFound(nameOrId, session.Region);
        return SnapshotFacts.StateOf(usable[0]) == "completed"
            ? usable[0] : throw StorageErrors.SnapshotNotReady(usable[0], usable.FirstOrDefault(s => SnapshotFacts.StateOf(s) == "completed"));
    }

    /// <summary>All own snapshots that match EC2's own filters. Raw errors.</summary>
    internal async Task<List<Snapshot>> ByFiltersAsync(IEnumerable<Filter> filters, CancellationToken cancellationToken)
    {
        var found = new List<Snapshot>();
        var request = new DescribeSnapshotsRequest { Filters = [.. filters], OwnerIds = ["self"], MaxResults = PageSize };
        do
        {
            DescribeSnapshotsResponse page = await session.Ec2.DescribeSnapshotsAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.Snapshots);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }

    internal static IReadOnlyList<string> Names(IEnumerable<Snapshot> snapshots) =>
        [.. snapshots.Select(SnapshotFacts.NameOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];

    private async Task<SnapshotSelection> SelectAsync(IReadOnlyList<string> names, bool oneEach, CancellationToken cancellationToken)
    {
        NamePattern pattern = oneEach ? NamePattern.ToActOn(names, Search.IdPrefix) : NamePattern.ToShow(names, Search.IdPrefix);
        List<Snapshot> found = await Search.FindAsync(pattern, [], cancellationToken).ConfigureAwait(false);
        if (pattern.Everything)
            CompletionCache.Put(session, CompletionKind.Snapshot, Names(found));
        List<Fe2Exception> problems = Search.Judge(found, pattern, oneEach);
        return new SnapshotSelection(Search.Sorted(found), problems);
    }

    private async Task<IReadOnlyList<Snapshot>> UnusedAsync(IReadOnlyList<Snapshot> snapshots, CancellationToken cancellationToken)
    {
        if (snapshots.Count == 0)
            return snapshots;
        List<Volume> volumes = await new VolumeQuery(session).ByFiltersAsync([], cancellationToken).ConfigureAwait(false);
        volumes.RemoveAll(v => VolumeFacts.StateOf(v) is "deleting" or "deleted");
        DescribeImagesResponse images = await session.Ec2.DescribeImagesAsync(new DescribeImagesRequest { Owners = ["self"] }, cancellationToken).ConfigureAwait(false);
        HashSet<string?> used =
        [
            .. volumes.Select(v => v.SnapshotId),
            .. images.Images.SelectMany(i => i.BlockDeviceMappings).Select(b => b.Ebs?.SnapshotId),
        ];
        HashSet<string> present = [.. volumes.Select(v => v.VolumeId)];
        return [.. snapshots.Where(s => !present.Contains(s.VolumeId) && !used.Contains(s.SnapshotId))];
    }

    private NamedSearch<Snapshot> Search => new(session)
    {
        IdPrefix = "snap-",
        IdFilter = "snapshot-id",
        IdOf = s => s.SnapshotId,
        NameOf = SnapshotFacts.NameOf,
        ByAge = all => all.ThenByDescending(s => s.StartTime),
        ListAsync = ByFiltersAsync,
        NotFound = StorageErrors.SnapshotNotFound,
        Ambiguous = StorageErrors.SnapshotAmbiguous,
    };
}
