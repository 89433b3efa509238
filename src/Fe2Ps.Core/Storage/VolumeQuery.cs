using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Finds volumes by name, id, instance, and those that nothing uses.</summary>
public sealed class VolumeQuery(Fe2Session session)
{
    private const int PageSize = 500;

    /// <summary>True for text that is a volume's id.</summary>
    public static bool IsId(string text) => text.StartsWith("vol-", StringComparison.Ordinal);

    /// <summary>The volumes that match; a name that stands for several gives all of them.</summary>
    public Task<VolumeSelection> ListAsync(VolumeSelector selector, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list volumes", selector.Names.FirstOrDefault(), () => SelectAsync(selector, oneEach: false, cancellationToken));

    /// <summary>
    /// The volumes to act on: as <see cref="ListAsync"/>, but a name without wildcards that stands for several is a problem that lists the ids,
    /// and no names mean no volumes.
    /// </summary>
    public Task<VolumeSelection> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find volumes", names.FirstOrDefault(), () => SelectAsync(new VolumeSelector { Names = names }, oneEach: true, cancellationToken));

    /// <summary>The one volume with this name or id.</summary>
    /// <exception cref="Fe2Exception"><c>VolumeNotFound</c> or <c>VolumeAmbiguous</c>.</exception>
    public async Task<Volume> GetAsync(string nameOrId, CancellationToken cancellationToken = default)
    {
        VolumeSelection found = await ResolveAsync([nameOrId], cancellationToken).ConfigureAwait(false);
        if (found.Problems.Count > 0)
            throw found.Problems[0];
        return found.Volumes.Count switch
        {
            1 => found.Volumes[0],
            0 => throw StorageErrors.VolumeNotFound(nameOrId, session.Region),
            _ => throw StorageErrors.VolumeAmbiguous(nameOrId, found.Volumes),
        };
    }

    /// <summary>The volume as EC2 sees it now, or null where it knows none (any more). Raw errors.</summary>
    internal async Task<Volume?> TryByIdAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            DescribeVolumesResponse answer = await session.Ec2.DescribeVolumesAsync(
                new DescribeVolumesRequest { VolumeIds = [id] }, cancellationToken).ConfigureAwait(false);
            return answer.Volumes.FirstOrDefault();
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode?.StartsWith("InvalidVolume", StringComparison.Ordinal) == true
            || e.ErrorCode == "InvalidParameterValue")
        {
            return null;
        }
    }

    /// <summary>All volumes that match EC2's own filters. Raw errors.</summary>
    internal async Task<List<Volume>> ByFiltersAsync(IEnumerable<Filter> filters, CancellationToken cancellationToken)
    {
        var found = new List<Volume>();
        var request = new DescribeVolumesRequest { Filters = [.. filters], MaxResults = PageSize };
        do
        {
            DescribeVolumesResponse page = await session.Ec2.DescribeVolumesAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.Volumes);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }

    private async Task<VolumeSelection> SelectAsync(VolumeSelector selector, bool oneEach, CancellationToken cancellationToken)
    {
        NamePattern pattern = oneEach ? NamePattern.ToActOn(selector.Names, Search.IdPrefix) : NamePattern.ToShow(selector.Names, Search.IdPrefix);
        var common = new List<Filter>();
        if (selector.Orphan)
            common.Add(InstanceQuery.Filter("status", ["available", "error"]));
        var found = new List<Volume>();
        if (selector.InstanceIds.Count == 0)
            found = await Search.FindAsync(pattern, common, cancellationToken).ConfigureAwait(false);
        foreach (string[] few in selector.InstanceIds.Chunk(InstanceQuery.FilterValues))
            found.AddRange(await Search.FindAsync(pattern, [.. common, InstanceQuery.Filter("attachment.instance-id", few)], cancellationToken).ConfigureAwait(false));

        found.RemoveAll(v => !pattern.Ids.Contains(v.VolumeId)
            && ((VolumeFacts.IsRoot(v) && !selector.IncludeRoot) || (oneEach && VolumeFacts.StateOf(v) is "deleting" or "deleted")));
        if (pattern.Everything && common.Count == 0 && selector.InstanceIds.Count == 0)
            CompletionCache.Put(session, CompletionKind.Volume, Names(found));
        List<Fe2Exception> problems = Search.Judge(found, pattern, oneEach);
        return new VolumeSelection(Search.Sorted(found), problems);
    }

    internal static IReadOnlyList<string> Names(IEnumerable<Volume> volumes) =>
        [.. volumes.Where(v => !VolumeFacts.IsRoot(v)).Select(VolumeFacts.NameOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];

    private NamedSearch<Volume> Search => new(session)
    {
        IdPrefix = "vol-",
        IdFilter = "volume-id",
        IdOf = v => v.VolumeId,
        NameOf = VolumeFacts.NameOf,
        ByAge = all => all.ThenBy(v => v.CreateTime),
        ListAsync = ByFiltersAsync,
        NotFound = StorageErrors.VolumeNotFound,
        Ambiguous = StorageErrors.VolumeAmbiguous,
    };
}
