using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Finds what EC2 lists by the names that people gave, names with wildcards and ids. The same for volumes and snapshots.</summary>
/// <typeparam name="T">What is listed.</typeparam>
internal sealed class NamedSearch<T>(Fe2Session session)
{
    /// <summary>How an id begins: <c>vol-</c>.</summary>
    public required string IdPrefix { get; init; }

    /// <summary>EC2's filter by ids: <c>volume-id</c>.</summary>
    public required string IdFilter { get; init; }

    /// <summary>Its id.</summary>
    public required Func<T, string> IdOf { get; init; }

    /// <summary>Its name, or null.</summary>
    public required Func<T, string?> NameOf { get; init; }

    /// <summary>Where it stands among those of its name: by age.</summary>
    public required Func<IOrderedEnumerable<T>, IOrderedEnumerable<T>> ByAge { get; init; }

    /// <summary>All that match EC2's own filters.</summary>
    public required Func<IEnumerable<Filter>, CancellationToken, Task<List<T>>> ListAsync { get; init; }

    /// <summary>The error for a name or id that stands for nothing in a region.</summary>
    public required Func<string, string, Fe2Exception> NotFound { get; init; }

    /// <summary>The error for a name that stands for several.</summary>
    public required Func<string, IEnumerable<T>, Fe2Exception> Ambiguous { get; init; }

    /// <summary>What the names mean, by EC2's word; each once.</summary>
    public async Task<List<T>> FindAsync(NamePattern pattern, IReadOnlyList<Filter> common, CancellationToken cancellationToken)
    {
        if (pattern.Everything)
            return await ListAsync(common, cancellationToken).ConfigureAwait(false);
        var found = new List<T>();
        foreach (string[] few in pattern.Names.Chunk(InstanceQuery.FilterValues))
        {
            Filter names = InstanceQuery.Filter("tag:Name", few.Select(InstanceQuery.ServerPattern));
            found.AddRange((await ListAsync([.. common, names], cancellationToken).ConfigureAwait(false)).Where(one => pattern.Fits(NameOf(one))));
        }

        foreach (string[] few in pattern.Ids.Chunk(InstanceQuery.FilterValues))
            found.AddRange(await ListAsync([.. common, InstanceQuery.Filter(IdFilter, few)], cancellationToken).ConfigureAwait(false));
        return [.. found.DistinctBy(IdOf)];
    }

    /// <summary>Problems of what was found. Where one of each is wanted, those of a name that stands for several are taken out.</summary>
    public List<Fe2Exception> Judge(List<T> found, NamePattern pattern, bool oneEach)
    {
        List<Fe2Exception> problems = [.. pattern.Ids.Where(id => found.TrueForAll(one => IdOf(one) != id)).Select(id => NotFound(id, session.Region))];
        if (pattern.Everything)
            return problems;
        foreach (string name in pattern.Plain)
        {
            List<T> same = found.FindAll(one => NameOf(one) == name);
            if (same.Count == 0)
            {
                problems.Add(NotFound(name, session.Region));
            }
            else if (oneEach && same.Count > 1)
            {
                problems.Add(Ambiguous(name, same));
                found.RemoveAll(one => same.Contains(one) && !pattern.Ids.Contains(IdOf(one)));
            }
        }

        return problems;
    }

    /// <summary>By name, those without one last, then by age.</summary>
    public IReadOnlyList<T> Sorted(IEnumerable<T> found) =>
        [.. ByAge(found.OrderBy(one => NameOf(one) is null).ThenBy(NameOf, NaturalOrder.Instance)).ThenBy(IdOf, StringComparer.Ordinal)];
}
