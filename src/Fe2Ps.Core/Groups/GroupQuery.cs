using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Groups;

/// <summary>What a selection found, and what it did not.</summary>
/// <param name="Groups">The groups, by name.</param>
/// <param name="Problems">One for each name that stands for nothing.</param>
public sealed record GroupSelection(IReadOnlyList<AutoScalingGroup> Groups, IReadOnlyList<Fe2Exception> Problems);

/// <summary>Finds groups by name: all of the region, not only those that this module made.</summary>
public sealed class GroupQuery(Fe2Session session)
{
    private const int PageSize = 100;

    /// <summary>Auto Scaling takes so many names in one question.</summary>
    private const int NamesAtOnce = 50;

    /// <summary>The groups that match.</summary>
    /// <param name="names">Names; wildcards select; empty means all.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public Task<GroupSelection> ListAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list groups", names.Count > 0 ? string.Join(", ", names) : null, async () =>
        {
            bool everything = names.Count == 0 || names.Contains("*", StringComparer.Ordinal);
            bool isPlain = !everything && names.Count <= NamesAtOnce && !names.Any(NamePattern.HasWildcard);
            List<AutoScalingGroup> all = await PagesAsync(isPlain ? names : [], cancellationToken).ConfigureAwait(false);
            if (!isPlain)
                CompletionCache.Put(session, CompletionKind.Group, Names(all));
            if (!everything)
                all.RemoveAll(g => !names.Any(n => InstanceQuery.Matches(n, g.AutoScalingGroupName)));
            IEnumerable<string> missing = everything ? []
                : names.Where(n => !NamePattern.HasWildcard(n) && all.All(g => g.AutoScalingGroupName != n)).Distinct(StringComparer.Ordinal);
            return new GroupSelection(
                [.. all.OrderBy(g => g.AutoScalingGroupName, NaturalOrder.Instance)], [.. missing.Select(n => GroupErrors.NotFound(n, session.Region))]);
        });

    /// <summary>The groups to act on: as <see cref="ListAsync"/>, but no names mean no groups.</summary>
    public Task<GroupSelection> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        names.Count == 0 ? Task.FromResult(new GroupSelection([], [])) : ListAsync(names, cancellationToken);

    /// <summary>The group as it is now, or null. Raw errors.</summary>
    internal async Task<AutoScalingGroup?> TryAsync(string name, CancellationToken cancellationToken) =>
        (await PagesAsync([name], cancellationToken).ConfigureAwait(false)).FirstOrDefault();

    internal static IReadOnlyList<string> Names(IEnumerable<AutoScalingGroup> groups) =>
        [.. groups.Select(g => g.AutoScalingGroupName).Order(NaturalOrder.Instance)];

    private async Task<List<AutoScalingGroup>> PagesAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var found = new List<AutoScalingGroup>();
        var request = new DescribeAutoScalingGroupsRequest { AutoScalingGroupNames = [.. names], MaxRecords = PageSize };
        do
        {
            DescribeAutoScalingGroupsResponse page = await session.Scaling.DescribeAutoScalingGroupsAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.AutoScalingGroups);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return found;
    }
}
