using Amazon.AutoScaling.Model;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Groups;

/// <summary>Waits for groups: until they are complete, and until they are gone.</summary>
internal sealed class GroupWaiter(Fe2Session session, ISshConnector connector)
{
    private static readonly TimeSpan VisibilityLimit = TimeSpan.FromSeconds(30);

    private readonly GroupQuery query = new(session);

    /// <summary>The group that has just been made.</summary>
    public async Task<AutoScalingGroup> SeenAsync(string name, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + VisibilityLimit;
        for (int n = 0; ; n++)
        {
            if (await query.TryAsync(name, cancellationToken).ConfigureAwait(false) is { } group)
                return group;
            if (session.Clock.GetUtcNow() >= end)
                throw GroupErrors.NotFound(name, session.Region);
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until all machines are in service and ssh works on them; writes down their host keys.</summary>
    /// <exception cref="Fe2Exception"><c>GroupNotReady</c> with Auto Scaling's own reason; why ssh does not work, where it works on none.</exception>
    public async Task<AutoScalingGroup> ReadyAsync(
        string name, string? privateFile, string? user, TimeSpan timeout, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + timeout;
        AutoScalingGroup group = await InServiceAsync(name, end, timeout, activity, report, cancellationToken).ConfigureAwait(false);
        string[] ids = [.. group.Instances.Select(i => i.InstanceId)];
        if (ids.Length == 0)
            return group;
        IReadOnlyList<Amazon.EC2.Model.Instance> machines = await new InstanceQuery(session).ByIdsAsync(ids, cancellationToken).ConfigureAwait(false);
        TimeSpan left = end - session.Clock.GetUtcNow();
        InstanceSelection ready = await new InstanceReadiness(session, connector).WaitEachAsync(
            machines, privateFile, user, left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), activity, report, cancellationToken).ConfigureAwait(false);
        if (ready.Instances.Count == 0 && ready.Problems.Count > 0)
            throw ready.Problems[0];

        // The group replaces by itself what has gone meanwhile.
        foreach (Fe2Exception problem in ready.Problems)
            report?.Report(new WarningReport(problem.Message));
        return await query.TryAsync(name, cancellationToken).ConfigureAwait(false) ?? group;
    }

    /// <summary>Waits until the group has as many machines in service as it wants, and no others.</summary>
    /// <exception cref="Fe2Exception"><c>GroupNotReady</c>.</exception>
    public async Task<AutoScalingGroup> InServiceAsync(
        string name, DateTimeOffset end, TimeSpan timeout, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        AutoScalingGroup group = await SeenAsync(name, cancellationToken).ConfigureAwait(false);
        string? reason = null;
        for (int n = 0; ; n++)
        {
            int wanted = group.DesiredCapacity ?? 0;
            int there = GroupFacts.InService(group);
            report?.Report(new ProgressReport(activity, $"{there} of {wanted} machines in service", wanted == 0 ? null : 15 + (60 * Math.Min(there, wanted) / wanted)));
            if (GroupFacts.StateOf(group) == "ready")
                return group;
            if (GroupFacts.IsEnding(group))
                throw GroupErrors.Deleting(name);
            if (await RefusalAsync(name, cancellationToken).ConfigureAwait(false) is { } refusal && refusal != reason)
            {
                reason = refusal;
                report?.Report(new WarningReport($"{name}: {refusal} Auto Scaling tries again."));
            }

            if (session.Clock.GetUtcNow() >= end)
                throw GroupErrors.NotReady(name, $"{there} of {wanted} machines are in service", timeout, reason);
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            group = await SeenAsync(name, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the group is gone and its machines have ended.</summary>
    public async Task GoneAsync(string name, IReadOnlyList<string> instanceIds, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        for (int n = 0; ; n++)
        {
            AutoScalingGroup? group = await query.TryAsync(name, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Amazon.EC2.Model.Instance> machines = await new InstanceQuery(session).ByIdsAsync(instanceIds, cancellationToken).ConfigureAwait(false);
            int alive = machines.Count(i => InstanceFacts.StateOf(i) != "terminated");
            if (group is null && alive == 0)
                return;
            int all = Math.Max(1, instanceIds.Count);
            report?.Report(new ProgressReport(
                activity, alive > 0 ? $"{alive} of {instanceIds.Count} machines are still ending" : "Waiting for Auto Scaling to forget it", 90 * (all - Math.Min(alive, all)) / all));
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What Auto Scaling says of its last launch, where that failed.</summary>
    private async Task<string?> RefusalAsync(string name, CancellationToken cancellationToken)
    {
        DescribeScalingActivitiesResponse answer = await session.Scaling.DescribeScalingActivitiesAsync(
            new DescribeScalingActivitiesRequest { AutoScalingGroupName = name, MaxRecords = 10 }, cancellationToken).ConfigureAwait(false);
        Activity? last = answer.Activities.FirstOrDefault(a => a.Description?.StartsWith("Launching", StringComparison.Ordinal) == true);
        return last?.StatusCode?.Value is "Failed" or "Cancelled" && last.StatusMessage is { Length: > 0 } message ? message : null;
    }
}
