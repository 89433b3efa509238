using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// The machines that a job had before its present one and that EC2 would start again: a persistent spot request launches another instance for one that
/// ends, and the disk of one that is only stopped costs.
/// </summary>
internal sealed class FormerMachines(Fe2Session session)
{
    /// <summary>
    /// Ends them with their requests. At each start and at the job's end, since whoever handed the job on may not have come that far. What cannot
    /// be ended is a warning: the job goes on all the same.
    /// </summary>
    public async Task EndAsync(RecoveryFacts facts, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (facts.Machine.OnInterruption == OnInterruption.Terminate)
            return;
        foreach (var id in facts.Attempts.Where(a => a.IsSpot && a.InstanceId != facts.Last.InstanceId).Select(a => a.InstanceId).Distinct())
        {
            try
            {
                if (await session.GuardAsync("end the job's former machine", id, () => EndAsync(id, cancellationToken)).ConfigureAwait(false) is { } why)
                    Warn(id, why, report);
            }
            catch (Fe2Exception e)
            {
                Warn(id, e.Message, report);
            }
        }
    }

    private static void Warn(string id, string why, IProgress<Fe2Report>? report) => report?.Report(new WarningReport(
        $"{id}, a former machine of the job, is left and may cost money: {why.TrimEnd('.')}. Remove-Fe2Instance {id} ends it."));

    /// <summary>Null, or why it is still there.</summary>
    private async Task<string?> EndAsync(string id, CancellationToken cancellationToken)
    {
        if (await new InstanceQuery(session).ByIdsAsync([id], cancellationToken).ConfigureAwait(false) is not [Instance instance])
            return null;
        // Ended before its request, it would be launched again, and nobody would know of that.
        if (await new SpotRequests(session).CancelOfAsync([instance], cancellationToken).ConfigureAwait(false) is { } failure)
            return $"its spot request could not be cancelled ({failure.Cause.Message.TrimEnd('.')})";
        if (InstanceFacts.IsEnding(instance))
            return null;
        InstanceSelection removed = await new InstanceActions(session).RemoveAsync([instance], cancellationToken).ConfigureAwait(false);
        return removed.Problems.FirstOrDefault()?.Message;
    }
}
