using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Waits until snapshots are completed, as long as it takes, and shows how far they are.</summary>
public sealed class SnapshotWaiter(Fe2Session session, IProgress<Fe2Report>? report = null)
{
    private const string Activity = "Waiting for snapshots";

    /// <summary>Waits for all of them together.</summary>
    /// <param name="snapshots">The snapshots; some may be completed already.</param>
    /// <param name="timeout">How long to wait, or null for as long as it takes: a first snapshot of a large volume takes hours.</param>
    /// <param name="cancellationToken">Ends the waiting; the snapshots go on.</param>
    /// <returns>Those that are completed; and a problem for each that failed, is gone, or was not done in time.</returns>
    public Task<SnapshotSelection> WaitAsync(IReadOnlyList<Snapshot> snapshots, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("wait for snapshots", snapshots.Count == 1 ? snapshots[0].SnapshotId : null, async () =>
        {
            DateTimeOffset start = session.Clock.GetUtcNow();
            var query = new SnapshotQuery(session);
            Dictionary<string, Snapshot> open = snapshots.DistinctBy(s => s.SnapshotId).ToDictionary(s => s.SnapshotId);
            var done = new Dictionary<string, Snapshot>(StringComparer.Ordinal);
            var problems = new List<Fe2Exception>();
            int all = open.Count;
            for (int n = 0; open.Count > 0; n++)
            {
                var seen = new HashSet<string>(StringComparer.Ordinal);
                foreach (string[] few in open.Keys.Chunk(InstanceQuery.FilterValues))
                {
                    foreach (Snapshot now in await query.ByFiltersAsync([InstanceQuery.Filter("snapshot-id", few)], cancellationToken).ConfigureAwait(false))
                    {
                        seen.Add(now.SnapshotId);
                        Sort(now, open, done, problems);
                    }
                }

                TimeSpan waited = session.Clock.GetUtcNow() - start;
                foreach (Snapshot missing in open.Values.Where(s => !seen.Contains(s.SnapshotId) && waited > TimeSpan.FromSeconds(90)).ToList())
                {
                    problems.Add(StorageErrors.SnapshotNotFound(missing.SnapshotId, session.Region));
                    open.Remove(missing.SnapshotId);
                }

                if (open.Count == 0)
                    break;
                int percent = (((all - open.Count) * 100) + open.Values.Sum(SnapshotFacts.PercentOf)) / all;
                report?.Report(new ProgressReport(
                    Activity, string.Join(", ", open.Values.Take(3).Select(s => $"{SnapshotFacts.Label(s)} {SnapshotFacts.PercentOf(s)} %")) + (open.Count > 3 ? " ..." : ""), percent));
                if (waited >= timeout)
                {
                    problems.AddRange(open.Values.Select(TimedOut));
                    break;
                }

                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }

            return new SnapshotSelection([.. snapshots.Select(s => done.GetValueOrDefault(s.SnapshotId)).OfType<Snapshot>().Distinct()], problems);
        });

    private static void Sort(Snapshot now, Dictionary<string, Snapshot> open, Dictionary<string, Snapshot> done, List<Fe2Exception> problems)
    {
        switch (SnapshotFacts.StateOf(now))
        {
            case "completed":
                done[now.SnapshotId] = now;
                open.Remove(now.SnapshotId);
                break;
            case "error":
                problems.Add(StorageErrors.SnapshotFailed(now));
                open.Remove(now.SnapshotId);
                break;
            default:
                open[now.SnapshotId] = now;
                break;
        }
    }

    private static Fe2Exception TimedOut(Snapshot snapshot) => new(
        "WaitTimedOut", Fe2ErrorKind.Timeout, $"The snapshot {SnapshotFacts.Label(snapshot)} is still {SnapshotFacts.StateOf(snapshot)}, {SnapshotFacts.PercentOf(snapshot)} %.",
        "It goes on by itself; wait again, without -Timeout for as long as it takes.", snapshot.SnapshotId);
}
