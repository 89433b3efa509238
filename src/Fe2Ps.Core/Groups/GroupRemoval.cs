using Amazon.AutoScaling;
using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Groups;

/// <summary>What is to be removed.</summary>
/// <param name="Groups">Groups that there are.</param>
/// <param name="Rests">Names of groups that do not exist (any more), of which something is left.</param>
/// <param name="Problems">One for each name that stands for nothing.</param>
public sealed record GroupRemovalSelection(IReadOnlyList<AutoScalingGroup> Groups, IReadOnlyList<string> Rests, IReadOnlyList<Fe2Exception> Problems);

/// <summary>Removes a group with everything that was made for it: machines, launch template, role. What is left of one that was never complete too.</summary>
public sealed class GroupRemoval(Fe2Session session, ISshConnector connector)
{
    private static readonly TimeSpan UndoLimit = TimeSpan.FromMinutes(5);

    private readonly GroupTemplate templates = new(session);

    /// <summary>The groups that names stand for, and the names of those of which only a rest is left; no names, no groups.</summary>
    public async Task<GroupRemovalSelection> SelectAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default)
    {
        GroupSelection found = await new GroupQuery(session).ResolveAsync(names, cancellationToken).ConfigureAwait(false);
        var rests = new List<string>();
        var problems = new List<Fe2Exception>();
        foreach (Fe2Exception problem in found.Problems)
        {
            if (problem.Target is string name && await HasRestAsync(name, cancellationToken).ConfigureAwait(false))
                rests.Add(name);
            else
                problems.Add(problem);
        }

        return new GroupRemovalSelection(found.Groups, rests, problems);
    }

    /// <summary>Removes all that there is of a group, and returns when nothing of it costs any more.</summary>
    /// <param name="name">The group's name.</param>
    /// <param name="report">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the waiting; what has been told to end, ends.</param>
    public Task RemoveAsync(string name, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"remove the group {name}", name, async () =>
        {
            string activity = $"Removing the group {name}";
            try
            {
                AutoScalingGroup? group = await new GroupQuery(session).TryAsync(name, cancellationToken).ConfigureAwait(false);
                if (group is not null)
                    await EndAsync(group, activity, report, cancellationToken).ConfigureAwait(false);
                report?.Report(new ProgressReport(activity, "Deleting its launch template", 95));
                foreach (string template in await templates.OfAsync(name, cancellationToken).ConfigureAwait(false))
                    await templates.DeleteAsync(template, cancellationToken).ConfigureAwait(false);
                var role = new GroupRole(session, name);
                if (group?.TargetGroupARNs is not [] && await role.ExistsAsync(cancellationToken).ConfigureAwait(false))
                    await role.DeleteAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                report?.Report(new WarningReport(
                    $"Interrupted. The machines of {name} end by themselves once the group is told to; Remove-Fe2Group {name} -Region {session.Region} waits for that and removes the rest."));
                throw;
            }
        });

    private Task<bool> HasRestAsync(string name, CancellationToken cancellationToken) =>
        session.GuardAsync($"look for what is left of {name}", name, async () =>
            (await templates.OfAsync(name, cancellationToken).ConfigureAwait(false)).Count > 0
            || await new GroupRole(session, name).ExistsAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Removes what a failed making left. Never fails.</summary>
    /// <returns>A sentence for the error's message.</returns>
    internal async Task<string> UndoAsync(string name, CancellationToken interruption)
    {
        using var limit = new CancellationTokenSource(UndoLimit, session.Clock);
        try
        {
            await RemoveAsync(name, null, limit.Token).WaitAsync(interruption).ConfigureAwait(false);
            return "What was made for it was removed.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"WARNING: what was made for it may still be there and cost ({e.Message}). Run: Remove-Fe2Group {name} -Region {session.Region}";
        }
    }

    private async Task EndAsync(AutoScalingGroup group, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        string name = group.AutoScalingGroupName;
        if (!GroupFacts.IsEnding(group))
        {
            report?.Report(new ProgressReport(activity, $"Ending {group.Instances.Count} machines", 5));
            try
            {
                await session.Scaling.DeleteAutoScalingGroupAsync(
                    new DeleteAutoScalingGroupRequest { AutoScalingGroupName = name, ForceDelete = true }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonAutoScalingException e) when (GroupErrors.IsGone(e))
            {
                // Somebody was faster; what else there is of it goes all the same.
            }
        }

        string[] ids = [.. group.Instances.Select(i => i.InstanceId)];
        await new GroupWaiter(session, connector).GoneAsync(name, ids, activity, report, cancellationToken).ConfigureAwait(false);
        foreach (string id in ids)
            await connector.ForgetAsync(id, cancellationToken).ConfigureAwait(false);
    }
}
