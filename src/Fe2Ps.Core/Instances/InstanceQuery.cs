using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Finds instances by name, id and state. Names and states are filtered by EC2 itself, so a thousand others cost nothing.</summary>
public sealed partial class InstanceQuery(Fe2Session session)
{
    /// <summary>EC2 takes at most this many values in one filter.</summary>
    internal const int FilterValues = 200;

    /// <summary>EC2 takes at most this many ids in one call, and gives as many instances on one page.</summary>
    internal const int PageSize = 1000;

    internal static readonly IReadOnlyList<string> NotTerminated = ["pending", "running", "stopping", "stopped", "shutting-down"];

    /// <summary>True for text that is an instance's id.</summary>
    public static bool IsId(string text) => InstanceId().IsMatch(text);

    /// <summary>The instances that match; a name that stands for several gives all of them.</summary>
    public async Task<InstanceSelection> ListAsync(InstanceSelector selector, CancellationToken cancellationToken = default)
    {
        InstanceSelection found = await session.GuardAsync("list instances", selector.Names.Count > 0 ? string.Join(", ", selector.Names) : null,
            () => SelectAsync(selector, oneEach: false, cancellationToken)).ConfigureAwait(false);
        new PriceBook(session).Notice(found.Instances);
        return found;
    }

    /// <summary>
    /// The instances to act on: as <see cref="ListAsync"/>, but a name without wildcards that stands for several is a problem that lists the ids,
    /// instances that are ending are passed over, and no names mean no instances: whoever changes something must name it, everything too
    /// (<c>*</c>).
    /// </summary>
    public Task<InstanceSelection> ResolveAsync(InstanceSelector selector, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find instances", string.Join(", ", selector.Names),
            () => SelectAsync(selector, oneEach: true, cancellationToken));

    /// <summary>The one instance with this name or id.</summary>
    /// <exception cref="Fe2Exception"><c>InstanceNotFound</c> or <c>InstanceAmbiguous</c>.</exception>
    public async Task<Instance> GetAsync(string nameOrId, CancellationToken cancellationToken = default)
    {
        InstanceSelection found = await ResolveAsync(new InstanceSelector { Names = [nameOrId] }, cancellationToken).ConfigureAwait(false);
        if (found.Problems.Count > 0)
            throw found.Problems[0];
        return found.Instances.Count switch
        {
            1 => found.Instances[0],
            0 => throw NotFound(nameOrId),
            _ => throw Ambiguous(nameOrId, found.Instances),
        };
    }

    /// <summary>All instances that match, page by page as they come, in EC2's order; for lists too long to wait for.</summary>
    public async IAsyncEnumerable<Instance> StreamAsync(
        InstanceSelector selector, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<Filter> filters = [.. StateFilter(selector.States), .. Given(selector)];
        if (selector.Names.Count > 0)
        {
            InstanceSelection found = await ListAsync(selector, cancellationToken).ConfigureAwait(false);
            foreach (Instance instance in found.Instances)
                yield return instance;
            yield break;
        }

        string? token = null;
        do
        {
            DescribeInstancesResponse page = await session.GuardAsync("list instances", null, () => session.Ec2.DescribeInstancesAsync(
                new DescribeInstancesRequest { Filters = filters, MaxResults = PageSize, NextToken = token }, cancellationToken)).ConfigureAwait(false);
            foreach (Reservation reservation in page.Reservations)
            {
                foreach (Instance instance in reservation.Instances)
                    yield return instance;
            }

            token = page.NextToken;
        }
        while (!string.IsNullOrEmpty(token));
    }

    /// <summary>What EC2 says of these ids now, a thousand a call; ids that it does not know (yet) are left out. Raw errors.</summary>
    internal async Task<IReadOnlyList<Instance>> ByIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var found = new List<Instance>(ids.Count);
        foreach (string[] batch in ids.Distinct().Chunk(PageSize))
        {
            try
            {
                found.AddRange(await PagesAsync(new DescribeInstancesRequest { InstanceIds = [.. batch] }, cancellationToken).ConfigureAwait(false));
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode is "InvalidInstanceID.NotFound" or "InvalidInstanceID.Malformed")
            {
                // One unknown id fails the whole call; a filter passes over it.
                foreach (string[] few in batch.Chunk(FilterValues))
                    found.AddRange(await PagesAsync(Request([Filter("instance-id", few)]), cancellationToken).ConfigureAwait(false));
            }
        }

        return found;
    }

    /// <summary>The instances that match these filters. Raw errors.</summary>
    internal Task<List<Instance>> ByFiltersAsync(IEnumerable<Filter> filters, CancellationToken cancellationToken) =>
        PagesAsync(Request(filters), cancellationToken);

    internal static Filter Filter(string name, IEnumerable<string> values) => new() { Name = name, Values = [.. values] };

    internal static Fe2Exception Ambiguous(string name, IEnumerable<Instance> instances) => new(
        "InstanceAmbiguous", Fe2ErrorKind.Ambiguous,
        $"Several instances are called '{name}': {string.Join(", ", instances.Select(i => $"{i.InstanceId} ({InstanceFacts.StateOf(i)})"))}.",
        "Give the id of the one you mean.", name);

    internal Fe2Exception NotFound(string name) => new(
        "InstanceNotFound", Fe2ErrorKind.NotFound, $"There is no instance '{name}' in {session.Region}.",
        "Get-Fe2Instance lists them; another region is named with -Region.", name);

    private async Task<InstanceSelection> SelectAsync(InstanceSelector selector, bool oneEach, CancellationToken cancellationToken)
    {
        string[] names = [.. selector.Names.Distinct(StringComparer.Ordinal)];
        if (oneEach && names.Length == 0)
            return new InstanceSelection([], []);
        List<Filter> common = [.. StateFilter(selector.States), .. Given(selector)];
        if (names.Length == 0 || names.Contains("*", StringComparer.Ordinal))
        {
            List<Instance> all = await PagesAsync(Request(common), cancellationToken).ConfigureAwait(false);
            InstanceNames.Remember(session, all, isComplete: selector.Filters.Count == 0 && selector.States.Count == 0);
            return new InstanceSelection(Sorted(all), []);
        }

        string[] ids = [.. names.Where(IsId)];
        string[] called = [.. names.Except(ids)];
        var found = new List<Instance>();
        foreach (string[] few in called.Chunk(FilterValues))
        {
            List<Instance> matches = await PagesAsync(
                Request([.. common, Filter("tag:Name", few.Select(ServerPattern))]), cancellationToken).ConfigureAwait(false);
            found.AddRange(matches.Where(i => few.Any(n => Matches(n, InstanceFacts.NameOf(i)))));
        }

        if (ids.Length > 0)
        {
            IReadOnlyList<Instance> known = common.Count > 1 || selector.States.Count > 0
                ? await FilteredIdsAsync(ids, common, cancellationToken).ConfigureAwait(false)
                : await ByIdsAsync(ids, cancellationToken).ConfigureAwait(false);
            found.AddRange(known);
        }

        List<Instance> instances = [.. found.DistinctBy(i => i.InstanceId)];
        if (oneEach)
            instances.RemoveAll(i => InstanceFacts.IsEnding(i) && !ids.Contains(i.InstanceId));
        var problems = new List<Fe2Exception>();
        foreach (string id in ids.Where(id => instances.All(i => i.InstanceId != id)))
            problems.Add(NotFound(id));
        foreach (string name in called.Where(n => !HasWildcard(n)))
        {
            List<Instance> same = [.. instances.Where(i => InstanceFacts.NameOf(i) == name)];
            if (same.Count == 0)
            {
                problems.Add(NotFound(name));
            }
            else if (oneEach && same.Count > 1)
            {
                problems.Add(Ambiguous(name, same));
                instances.RemoveAll(i => same.Contains(i) && !ids.Contains(i.InstanceId));
            }
        }

        return new InstanceSelection(Sorted(instances), problems);
    }

    private async Task<IReadOnlyList<Instance>> FilteredIdsAsync(string[] ids, List<Filter> common, CancellationToken cancellationToken)
    {
        var found = new List<Instance>();
        foreach (string[] few in ids.Chunk(FilterValues))
            found.AddRange(await PagesAsync(Request([.. common, Filter("instance-id", few)]), cancellationToken).ConfigureAwait(false));
        return found;
    }

    private async Task<List<Instance>> PagesAsync(DescribeInstancesRequest request, CancellationToken cancellationToken)
    {
        var found = new List<Instance>();
        do
        {
            DescribeInstancesResponse page = await session.Ec2.DescribeInstancesAsync(request, cancellationToken).ConfigureAwait(false);
            foreach (Reservation reservation in page.Reservations)
                found.AddRange(reservation.Instances);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }

    private static DescribeInstancesRequest Request(IEnumerable<Filter> filters) => new() { Filters = [.. filters], MaxResults = PageSize };

    private static IEnumerable<Filter> StateFilter(IReadOnlyList<string> states) =>
        [Filter("instance-state-name", states.Count > 0 ? states : NotTerminated)];

    private static IEnumerable<Filter> Given(InstanceSelector selector) => selector.Filters.Select(f => Filter(f.Key, f.Value));

    private static IReadOnlyList<Instance> Sorted(IEnumerable<Instance> instances) =>
    [
        .. instances.OrderBy(i => InstanceFacts.NameOf(i) is null)
            .ThenBy(i => InstanceFacts.NameOf(i), NaturalOrder.Instance)
            .ThenBy(i => i.LaunchTime)
            .ThenBy(i => i.InstanceId, StringComparer.Ordinal),
    ];

    private static bool HasWildcard(string name) => name.AsSpan().ContainsAny('*', '?', '[');

    /// <summary>The pattern as EC2's filters understand it: a set of characters becomes any one, and the rest is sorted out here.</summary>
    internal static string ServerPattern(string name) => CharacterSet().Replace(name.Replace("\\", "\\\\", StringComparison.Ordinal), "?");

    internal static bool Matches(string pattern, string? name)
    {
        if (name is null)
            return false;
        if (!HasWildcard(pattern))
            return pattern == name;
        var regex = new System.Text.StringBuilder("^");
        for (int i = 0; i < pattern.Length; i++)
        {
            Match set = CharacterSet().Match(pattern, i);
            if (set.Success && set.Index == i)
            {
                regex.Append('[').Append(set.Value[1..^1].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("^", "\\^", StringComparison.Ordinal)).Append(']');
                i += set.Length - 1;
            }
            else
            {
                regex.Append(pattern[i] switch { '*' => ".*", '?' => ".", var c => Regex.Escape(c.ToString()) });
            }
        }

        return Regex.IsMatch(name, regex.Append('$').ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }

    [GeneratedRegex("^i-([0-9a-f]{8}|[0-9a-f]{17})$")]
    private static partial Regex InstanceId();

    [GeneratedRegex(@"\[[^\[\]]+\]")]
    private static partial Regex CharacterSet();
}
