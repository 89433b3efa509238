using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>The names of instances that are there: running, stopped, or on the way to either.</summary>
internal static class InstanceClaim
{
    public static NameClaim Of(Fe2Session session) => new(session, (names, stop) => HoldersAsync(new InstanceQuery(session), names, stop));

    /// <summary>What tells the machines that hold one of these names.</summary>
    internal static List<Filter> Filters(IEnumerable<string> names) =>
    [
        InstanceQuery.Filter("tag:Name", names.Select(InstanceQuery.ServerPattern)),
        InstanceQuery.Filter("instance-state-name", ["pending", "running", "stopping", "stopped"]),
    ];

    private static async Task<List<NameHolder>> HoldersAsync(InstanceQuery query, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var holders = new List<NameHolder>();
        foreach (string[] few in names.Chunk(InstanceQuery.FilterValues))
        {
            List<Instance> found = await query.ByFiltersAsync(Filters(few), cancellationToken).ConfigureAwait(false);
            holders.AddRange(found.Where(i => few.Contains(InstanceFacts.NameOf(i), StringComparer.Ordinal)).Select(i => new NameHolder(
                i.InstanceId, InstanceFacts.NameOf(i)!, InstanceFacts.TagOf(i, TagNames.Launch), i.LaunchTime, why => Taken(i, why))));
        }

        return holders;
    }

    private static Fe2Exception Taken(Instance holder, string why) => new(
        "NameTaken", Fe2ErrorKind.Ambiguous,
        $"The name '{InstanceFacts.NameOf(holder)}' is taken by {holder.InstanceId} ({InstanceFacts.StateOf(holder)}, "
        + $"owner {InstanceFacts.TagOf(holder, TagNames.Owner) ?? "unknown"}).{why}",
        // It may be the very machine that is wanted, so what ends it comes last.
        (InstanceFacts.StateOf(holder) is "stopped" ? $"To use it: Start-Fe2Instance {holder.InstanceId}. " : "")
        + $"Choose another name, or free this one: Remove-Fe2Instance {holder.InstanceId}", InstanceFacts.NameOf(holder));
}
