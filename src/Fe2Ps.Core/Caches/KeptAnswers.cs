using System.Collections.Concurrent;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Caches;

/// <summary>Answers that are kept: used while they are fresh, asked for when they are not, and used all the same when AWS cannot answer.</summary>
internal static class KeptAnswers
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Gates = new();

    /// <summary>What is kept and fresh, else what AWS says, else what is kept.</summary>
    /// <param name="session">Where it is asked.</param>
    /// <param name="name">What tells it from other answers of this session's folder.</param>
    /// <param name="age">How old it may be.</param>
    /// <param name="find">Finds what is kept, however old.</param>
    /// <param name="ask">Asks AWS, and keeps the answer.</param>
    /// <param name="refresh">Asks whatever is kept.</param>
    /// <param name="onStale">Is told, with the failure, when something old had to do.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<Cached<T>> GetAsync<T>(
        Fe2Session session, string name, TimeSpan age, Func<Cached<T>?> find, Func<Task<Cached<T>>> ask, bool refresh,
        Action<DateTimeOffset, Fe2Exception>? onStale, CancellationToken cancellationToken)
    {
        DateTimeOffset began = session.Clock.GetUtcNow();
        if (!refresh && find() is { } kept && kept.IsFresh(age, began))
            return kept;
        // Many at once in one process, such as ForEach-Object -Parallel, are one question.
        SemaphoreSlim gate = Gates.GetOrAdd($"{session.Folder.Path}/{name}", _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (find() is { } meanwhile && (refresh ? meanwhile.At >= began : meanwhile.IsFresh(age, began)))
                return meanwhile;
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && find() is { } old)
            {
                onStale?.Invoke(old.At, ErrorTranslation.Translate(e, session, $"ask AWS about {session.Region}", session.Region));
                return old;
            }
        }
        finally
        {
            gate.Release();
        }
    }
}
