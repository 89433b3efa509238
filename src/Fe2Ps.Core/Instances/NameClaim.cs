using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>
/// Keeps names unique although EC2 does not: they are looked up before a launch, and again after it, since two people may launch
/// the same name at once. Both then see both and come to the same verdict: the earlier launch keeps the name, between two of the
/// same second the smaller launch id. The other ends what it started.
/// </summary>
internal sealed class NameClaim(Fe2Session session)
{
    /// <summary>
    /// EC2's launch times are whole seconds, so a verdict is final only a second after what was launched became visible:
    /// a rival of the same second is visible by then too.
    /// </summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(1250);

    /// <summary>A launch that does not wait for ssh waits no longer than this for its name either.</summary>
    private static readonly TimeSpan VisibilityLimit = TimeSpan.FromSeconds(4);

    private readonly InstanceQuery query = new(session);

    /// <summary>Refuses names that are taken.</summary>
    /// <exception cref="Fe2Exception"><c>NameTaken</c>.</exception>
    public async Task CheckFreeAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        if ((await HoldersAsync(names, cancellationToken).ConfigureAwait(false)).FirstOrDefault() is { } holder)
            throw Taken(holder, "");
    }

    /// <summary>Gives way to an earlier launch of the same names.</summary>
    /// <param name="seenAt">When EC2 first showed what was launched, or null where nobody has looked.</param>
    /// <exception cref="Fe2Exception"><c>NameTaken</c>.</exception>
    public async Task ConfirmAsync(
        LaunchPlan plan, IReadOnlyList<Instance> started, DateTimeOffset? seenAt, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = plan.Request.InstanceNames();
        DateTimeOffset giveUp = session.Clock.GetUtcNow() + VisibilityLimit;
        DateTimeOffset? seen = seenAt;
        for (int n = 0; ; n++)
        {
            if (seen is { } since && since + Settled - session.Clock.GetUtcNow() is var rest && rest > TimeSpan.Zero)
                await Task.Delay(rest, session.Clock, cancellationToken).ConfigureAwait(false);
            bool isSettled = seen is not null;
            List<Instance> holders = await HoldersAsync(names, cancellationToken).ConfigureAwait(false);
            GiveWay(plan, started, holders);
            DateTimeOffset now = session.Clock.GetUtcNow();
            if (isSettled || now >= giveUp)
                return;
            if (holders.Any(h => h.InstanceId == started[0].InstanceId))
                seen = now;
            else
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What tells the machines that hold one of these names.</summary>
    internal static List<Filter> Filters(IEnumerable<string> names) =>
    [
        InstanceQuery.Filter("tag:Name", names.Select(InstanceQuery.ServerPattern)),
        InstanceQuery.Filter("instance-state-name", ["pending", "running", "stopping", "stopped"]),
    ];

    private static void GiveWay(LaunchPlan plan, IReadOnlyList<Instance> started, IEnumerable<Instance> holders)
    {
        DateTime mine = started.Min(i => i.LaunchTime ?? DateTime.MaxValue);
        foreach (Instance other in holders.Where(h => InstanceFacts.TagOf(h, TagNames.Launch) != plan.Id))
        {
            int order = (other.LaunchTime ?? DateTime.MinValue).CompareTo(mine);
            if (order < 0 || (order == 0 && string.CompareOrdinal(InstanceFacts.TagOf(other, TagNames.Launch) ?? "", plan.Id) < 0))
                throw Taken(other, " It was launched at the same time, and came first.");
        }
    }

    private async Task<List<Instance>> HoldersAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var holders = new List<Instance>();
        foreach (string[] few in names.Chunk(200))
        {
            List<Instance> found = await query.ByFiltersAsync(
                Filters(few), cancellationToken).ConfigureAwait(false);
            holders.AddRange(found.Where(i => few.Contains(InstanceFacts.NameOf(i), StringComparer.Ordinal)));
        }

        return holders;
    }

    private static Fe2Exception Taken(Instance holder, string why) => new(
        "NameTaken", Fe2ErrorKind.Ambiguous,
        $"The name '{InstanceFacts.NameOf(holder)}' is taken by {holder.InstanceId} ({InstanceFacts.StateOf(holder)}, "
        + $"owner {InstanceFacts.TagOf(holder, TagNames.Owner) ?? "unknown"}).{why}",
        $"Choose another name, or free this one: Remove-Fe2Instance {holder.InstanceId}", InstanceFacts.NameOf(holder));
}
