using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Waits until instances are in a state. All of them are asked for in one call, and less often the longer it takes.</summary>
public sealed class InstanceWaiter(Fe2Session session)
{
    /// <summary>The states that can be waited for.</summary>
    public static IReadOnlyList<string> States { get; } = ["running", "stopped", "terminated"];

    private readonly InstanceQuery query = new(session);

    /// <summary>Waits for a state.</summary>
    /// <param name="instances">The instances; they may have been launched a moment ago.</param>
    /// <param name="state"><c>running</c>, <c>stopped</c> or <c>terminated</c>.</param>
    /// <param name="timeout">How long to wait for all of them together.</param>
    /// <param name="report">Progress; on cancellation a warning that says what has not got there and how to go on.</param>
    /// <param name="cancellationToken">Ends the waiting, not the instances.</param>
    /// <returns>Those that got there, as they are now, in the order given; and one problem for each that did not.</returns>
    public Task<InstanceSelection> WaitAsync(
        IReadOnlyList<Instance> instances, string state, TimeSpan timeout,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        if (!States.Contains(state, StringComparer.Ordinal))
        {
            throw new Fe2Exception("StateInvalid", Fe2ErrorKind.InvalidArgument, $"'{state}' is not a state to wait for.",
                $"Give one of: {string.Join(", ", States)}.", state);
        }

        return session.GuardAsync($"wait until {state}", state, () => new Waiting(session, query, instances, state, report).RunAsync(timeout, cancellationToken));
    }

    private sealed class Waiting(
        Fe2Session session, InstanceQuery query, IReadOnlyList<Instance> instances, string state, IProgress<Fe2Report>? report)
    {
        private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(2);
        private readonly Dictionary<string, Instance> open = instances.DistinctBy(i => i.InstanceId).ToDictionary(i => i.InstanceId);
        private readonly Dictionary<string, Instance> arrived = [];
        private readonly List<Fe2Exception> problems = [];
        private readonly HashSet<string> wasPending = [];

        public async Task<InstanceSelection> RunAsync(TimeSpan timeout, CancellationToken cancellationToken)
        {
            DateTimeOffset start = session.Clock.GetUtcNow();
            int all = open.Count;
            try
            {
                for (int n = 0; open.Count > 0; n++)
                {
                    Sort(await query.ByIdsAsync([.. open.Keys], cancellationToken).ConfigureAwait(false));
                    if (open.Count == 0)
                        break;
                    report?.Report(new ProgressReport(
                        $"Waiting until {state}", $"{all - open.Count} of {all} {state}, waiting for {Names()}", (all - open.Count) * 100 / all));
                    if (session.Clock.GetUtcNow() - start >= timeout)
                    {
                        problems.AddRange(open.Values.Select(TimedOut));
                        break;
                    }

                    await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                report?.Report(new WarningReport(
                    $"Not {state} yet: {Names()}. Only the waiting has ended; Wait-Fe2Instance -State {state} goes on with it."));
                throw;
            }

            return new InstanceSelection([.. instances.Select(i => arrived.GetValueOrDefault(i.InstanceId)).OfType<Instance>().Distinct()], problems);
        }

        private void Sort(IReadOnlyList<Instance> now)
        {
            foreach (Instance instance in now)
            {
                string id = instance.InstanceId;
                string current = InstanceFacts.StateOf(instance);
                if (current == "pending")
                    wasPending.Add(id);
                if (current == state)
                {
                    arrived[id] = instance;
                    open.Remove(id);
                }
                else if (state != "terminated" && InstanceFacts.IsEnding(instance))
                {
                    problems.Add(Ended(instance, current));
                    open.Remove(id);
                }
                else if (state == "running" && current is "stopping" or "stopped" && wasPending.Contains(id))
                {
                    problems.Add(Ended(instance, current));
                    open.Remove(id);
                }
                else
                {
                    open[id] = instance;
                }
            }

            HashSet<string> seen = [.. now.Select(i => i.InstanceId)];
            foreach (Instance missing in open.Values.Where(i => !seen.Contains(i.InstanceId)).ToList())
            {
                if (state == "terminated")
                {
                    // EC2 forgets terminated instances after about an hour.
                    arrived[missing.InstanceId] = missing;
                    open.Remove(missing.InstanceId);
                }
                else if (session.Clock.GetUtcNow() - (missing.LaunchTime ?? default).ToUniversalTime() > Fresh)
                {
                    problems.Add(query.NotFound(missing.InstanceId));
                    open.Remove(missing.InstanceId);
                }
            }
        }

        private string Names() => string.Join(", ", open.Values.Take(5).Select(InstanceFacts.Label)) + (open.Count > 5 ? $" and {open.Count - 5} more" : "");

        private Fe2Exception Ended(Instance instance, string current) => new(
            "InstanceEnded", Fe2ErrorKind.InvalidState,
            $"{InstanceFacts.Label(instance)} will not be {state}: it is {current} ({InstanceFacts.ReasonOf(instance) ?? "EC2 gives no reason"}).",
            current == "stopped" ? "Start it again, perhaps as another type: Set-Fe2InstanceType." : "Launch a new one: New-Fe2Instance.", instance.InstanceId);

        private Fe2Exception TimedOut(Instance instance) => new(
            "WaitTimedOut", Fe2ErrorKind.Timeout,
            $"{InstanceFacts.Label(instance)} is still {InstanceFacts.StateOf(instance)}, not {state}.",
            NextStep(instance), instance.InstanceId);

        /// <summary>From a state of rest nothing goes on by itself: nobody has asked for the other one.</summary>
        private string NextStep(Instance instance) => (InstanceFacts.StateOf(instance), state) switch
        {
            ("running", "stopped") => $"Stop it first: Stop-Fe2Instance {NameOrId(instance)}",
            ("running" or "stopped", "terminated") => $"Remove it first: Remove-Fe2Instance {NameOrId(instance)}",
            ("stopped", "running") => $"Start it first: Start-Fe2Instance {NameOrId(instance)}",
            _ => "It goes on by itself; wait again with a longer -Timeout.",
        };

        private static string NameOrId(Instance instance) => InstanceFacts.NameOf(instance) ?? instance.InstanceId;
    }
}
