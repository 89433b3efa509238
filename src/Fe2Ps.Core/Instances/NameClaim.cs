using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Something that has a name.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The name.</param>
/// <param name="Claim">The id of the order that made it, by its tag; null for what other tools made.</param>
/// <param name="Since">When EC2 made it.</param>
/// <param name="Taken">The error for whoever wants the name too, with a sentence that says why.</param>
internal sealed record NameHolder(string Id, string Name, string? Claim, DateTime? Since, Func<string, Fe2Exception> Taken);

/// <summary>
/// Keeps names unique although EC2 does not: they are looked up before a thing is made, and again after it, since two people may make
/// the same name at once. Both then see both and come to the same verdict: the earlier one keeps the name, between two of the
/// same moment the smaller claim. The other ends what it made.
/// </summary>
/// <param name="session">Whose clock and pace count.</param>
/// <param name="holdersOf">All that have one of these names now.</param>
internal sealed class NameClaim(Fe2Session session, Func<IReadOnlyList<string>, CancellationToken, Task<List<NameHolder>>> holdersOf)
{
    /// <summary>
    /// EC2's launch times are whole seconds, so a verdict is final only a second after what was made became visible:
    /// a rival of the same second is visible by then too.
    /// </summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(1250);

    /// <summary>Who does not wait for more waits no longer than this for the name either.</summary>
    private static readonly TimeSpan VisibilityLimit = TimeSpan.FromSeconds(4);

    /// <summary>Refuses names that are taken.</summary>
    /// <exception cref="Fe2Exception"><c>NameTaken</c>.</exception>
    public async Task CheckFreeAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        if ((await holdersOf(names, cancellationToken).ConfigureAwait(false)).FirstOrDefault() is { } holder)
            throw holder.Taken("");
    }

    /// <summary>Gives way to whoever made the same names earlier.</summary>
    /// <param name="claim">The id of the own order.</param>
    /// <param name="names">The names.</param>
    /// <param name="id">One of the things that were made.</param>
    /// <param name="since">When EC2 made them.</param>
    /// <param name="seenAt">When EC2 first showed what was made, or null where nobody has looked.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Fe2Exception"><c>NameTaken</c>.</exception>
    public async Task ConfirmAsync(
        string claim, IReadOnlyList<string> names, string id, DateTime? since, DateTimeOffset? seenAt, CancellationToken cancellationToken)
    {
        DateTimeOffset giveUp = session.Clock.GetUtcNow() + VisibilityLimit;
        DateTimeOffset? seen = seenAt;
        for (int n = 0; ; n++)
        {
            if (seen is { } at && at + Settled - session.Clock.GetUtcNow() is var rest && rest > TimeSpan.Zero)
                await Task.Delay(rest, session.Clock, cancellationToken).ConfigureAwait(false);
            bool isSettled = seen is not null;
            List<NameHolder> holders = await holdersOf(names, cancellationToken).ConfigureAwait(false);
            GiveWay(claim, since ?? DateTime.MaxValue, holders);
            DateTimeOffset now = session.Clock.GetUtcNow();
            if (isSettled || now >= giveUp)
                return;
            if (holders.Any(h => h.Id == id))
                seen = now;
            else
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private static void GiveWay(string claim, DateTime mine, IEnumerable<NameHolder> holders)
    {
        foreach (NameHolder other in holders.Where(h => h.Claim != claim))
        {
            int order = (other.Since ?? DateTime.MinValue).CompareTo(mine);
            if (order < 0 || (order == 0 && string.CompareOrdinal(other.Claim ?? "", claim) < 0))
                throw other.Taken(" It was made at the same time, and came first.");
        }
    }
}
