using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Ends what a launch started. Everything carries the launch's id as a tag, so nothing has to be remembered.</summary>
internal sealed class LaunchCleanup(Fe2Session session)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan VisibilityLimit = TimeSpan.FromSeconds(15);

    private readonly InstanceQuery query = new(session);
    private readonly InstanceActions actions = new(session);

    /// <summary>Cancels spot requests of the launch that are still open, so that none is filled later. Never fails.</summary>
    /// <returns>A sentence that says that it could not be done, or null.</returns>
    public async Task<string?> CancelSpotRequestsAsync(string launchId, CancellationToken cancellationToken)
    {
        using var limit = new SpotLimit(session, cancellationToken);
        try
        {
            DescribeSpotInstanceRequestsResponse found = await session.Ec2.DescribeSpotInstanceRequestsAsync(
                new DescribeSpotInstanceRequestsRequest
                {
                    Filters = [InstanceQuery.Filter($"tag:{TagNames.Launch}", [launchId]), InstanceQuery.Filter("state", ["open", "active"])],
                },
                limit.Token).ConfigureAwait(false);
            if (found.SpotInstanceRequests.Count > 0)
            {
                await session.Ec2.CancelSpotInstanceRequestsAsync(
                    new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = [.. found.SpotInstanceRequests.Select(r => r.SpotInstanceRequestId)] },
                    limit.Token).ConfigureAwait(false);
            }

            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"Whether a spot request is left open could not be seen to ({e.Message}). Look: aws ec2 describe-spot-instance-requests "
                + $"--region {session.Region} --filters Name=tag:{TagNames.Launch},Values={launchId} Name=state,Values=open,active";
        }
    }

    /// <summary>Ends the launch as a whole.</summary>
    /// <param name="launchId">Its id.</param>
    /// <param name="name">The name that it was to have.</param>
    /// <param name="started">What is known to have been started.</param>
    /// <param name="isCertain">False where the answer of RunInstances was lost: then what it may have started is looked for, for a while.</param>
    /// <param name="isSpot">True where spot requests may be open.</param>
    /// <returns>A sentence for the error's message: what was ended, or what is left and costs money.</returns>
    public async Task<string> EndAsync(string launchId, string name, IReadOnlyList<Instance> started, bool isCertain, bool isSpot)
    {
        // What is wrong with the launch must not keep its end from happening, and neither must Ctrl+C.
        using var limit = new CancellationTokenSource(Limit, session.Clock);
        var left = new List<Instance>(started);
        string? open = isSpot ? await CancelSpotRequestsAsync(launchId, limit.Token).ConfigureAwait(false) : null;
        try
        {
            if (left.Count == 0)
                left.AddRange(await FindAsync(launchId, isCertain, limit.Token).ConfigureAwait(false));
            if (left.Count == 0)
            {
                string nothing = isCertain ? "Nothing was started." : $"EC2 knows of nothing that was started; should it come up later, it is called '{name}'.";
                return open is null ? nothing : $"{nothing} {open}";
            }

            // A launch's spot requests are one-time: they close with their instances, cancelled or not.
            foreach (Instance[] batch in left.Chunk(InstanceQuery.PageSize))
                await FreshRetry.RunAsync(session, () => actions.TerminateRawAsync(batch, limit.Token), limit.Token).ConfigureAwait(false);
            return $"What it started was ended: {string.Join(", ", left.Select(i => i.InstanceId))}.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            string what = left.Count > 0 ? string.Join(", ", left.Select(i => i.InstanceId)) : $"whatever is called '{name}'";
            string warning = $"WARNING: it could not be ended ({e.Message}). Still running and costing money: {what}. "
                + $"Run: Remove-Fe2Instance {(left.Count > 0 ? string.Join(",", left.Select(i => i.InstanceId)) : name)} -Region {session.Region}";
            return open is null ? warning : $"{warning}. {open}";
        }
    }

    private async Task<IReadOnlyList<Instance>> FindAsync(string launchId, bool isCertain, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + VisibilityLimit;
        for (int n = 0; ; n++)
        {
            List<Instance> found = await query.ByFiltersAsync(
                [InstanceQuery.Filter($"tag:{TagNames.Launch}", [launchId]), InstanceQuery.Filter("instance-state-name", ["pending", "running", "stopping", "stopped"])],
                cancellationToken).ConfigureAwait(false);
            if (isCertain || found.Count > 0 || session.Clock.GetUtcNow() >= end)
                return found;
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
