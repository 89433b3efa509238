using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>
/// Takes snapshots of volumes whose machines are stopped for it, and started again as soon as EC2 has the orders: nothing writes then,
/// to the disk that a machine boots from either. Each machine is stopped once for all its volumes.
/// </summary>
public sealed class StoppedSnapshots(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly InstanceQuery query = new(session);

    /// <summary>Takes them, one machine after the other.</summary>
    /// <returns>The snapshots as they are then, pending; and a problem for each machine or volume where that failed.</returns>
    public async Task<SnapshotSelection> TakeAsync(IReadOnlyList<Volume> volumes, SnapshotRequest request, CancellationToken cancellationToken = default)
    {
        var taken = new List<Snapshot>();
        var problems = new List<Fe2Exception>();
        foreach (IGrouping<string?, Volume> some in volumes.GroupBy(VolumeFacts.InstanceOf))
        {
            try
            {
                Instance? running = some.Key is null ? null : await RunningAsync(some.Key, cancellationToken).ConfigureAwait(false);
                if (running is null)
                    await OrderAsync(some).ConfigureAwait(false);
                else
                    await WhileStoppedAsync(running, () => OrderAsync(some), cancellationToken).ConfigureAwait(false);
            }
            catch (Fe2Exception e)
            {
                problems.Add(e);
            }
        }

        return new SnapshotSelection(taken, problems);

        async Task OrderAsync(IEnumerable<Volume> some)
        {
            foreach (Volume volume in some)
                taken.Add(await new SnapshotMaker(session, connector, report).CreateAsync(volume, request, cancellationToken).ConfigureAwait(false));
        }
    }

    private async Task WhileStoppedAsync(Instance instance, Func<Task> work, CancellationToken cancellationToken)
    {
        string label = InstanceFacts.Label(instance);
        report?.Report(new ProgressReport($"Snapshots of {label}", "Stopping it"));
        InstanceSelection stopped = await new InstanceActions(session).StopAsync([instance], cancellationToken: cancellationToken).ConfigureAwait(false);
        if (stopped.Problems.Count > 0)
            throw stopped.Problems[0];
        try
        {
            InstanceSelection still = await new InstanceWaiter(session).WaitAsync([instance], "stopped", Limit, report, cancellationToken).ConfigureAwait(false);
            if (still.Problems.Count > 0)
                throw still.Problems[0];
            report?.Report(new ProgressReport($"Snapshots of {label}", "Taking them"));
            await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport($"Interrupted while {label} was stopped for its snapshots. Start-Fe2Instance {instance.InstanceId} starts it again."));
            throw;
        }
        catch (Fe2Exception e)
        {
            throw new Fe2Exception(e.Id, e.Kind, $"{e.Message} {await StartedAsync(instance).ConfigureAwait(false)}", e.NextStep, e.Target, e);
        }

        report?.Report(new ProgressReport($"Snapshots of {label}", "Starting it again"));
        string end = await StartedAsync(instance).ConfigureAwait(false);
        if (end.StartsWith("WARNING", StringComparison.Ordinal))
            report?.Report(new WarningReport(end));
    }

    /// <summary>Orders the start, which may have to wait for the stop. Never fails.</summary>
    private async Task<string> StartedAsync(Instance instance)
    {
        try
        {
            using var limit = new CancellationTokenSource(Limit, session.Clock);
            await new InstanceWaiter(session).WaitAsync([instance], "stopped", Limit, null, limit.Token).ConfigureAwait(false);
            InstanceSelection started = await new InstanceActions(session).StartAsync([instance], limit.Token).ConfigureAwait(false);
            return started.Problems.Count == 0 ? $"{InstanceFacts.Label(instance)} is being started again." : throw started.Problems[0];
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException)
        {
            return $"WARNING: {InstanceFacts.Label(instance)} was stopped for its snapshots and is not started again ({e.Message.TrimEnd('.')}). Run: Start-Fe2Instance {instance.InstanceId}";
        }
    }

    private async Task<Instance?> RunningAsync(string instanceId, CancellationToken cancellationToken) =>
        await session.GuardAsync("look at the volume's machine", instanceId, () => query.ByIdsAsync([instanceId], cancellationToken)).ConfigureAwait(false) is [var one]
            && InstanceFacts.StateOf(one) == "running" ? one : null;
}
