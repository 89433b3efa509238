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

    /// <summary>Cancels spot requests of the launch that are still open, so that none is filled later.</summary>
    public async Task CancelSpotRequestsAsync(string launchId, CancellationToken cancellationToken)
    {
        DescribeSpotInstanceRequestsResponse found = await session.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest
            {
                Filters = [InstanceQuery.Filter($"tag:{TagNames.Launch}", [launchId]), InstanceQuery.Filter("state", ["open", "active"])],
            },
            cancellationToken).ConfigureAwait(false);
        if (found.SpotInstanceRequests.Count > 0)
        {
            await session.Ec2.CancelSpotInstanceRequestsAsync(
                new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = [.. found.SpotInstanceRequests.Select(r => r.SpotInstanceRequestId)] },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the launch as a whole.</summary>
    /// <param name="launchId">Its id.</param>
    /// <param name="started">What is known to have been started.</param>
    /// <param name="isCertain">False where the answer of RunInstances was lost: then what it may have started is looked for, for a while.</param>
    /// <param name="isSpot">True where spot requests may be open.</param>
    /// <returns>A sentence for the error's message: what was ended, or what is left and costs money.</returns>
    public async Task<string> EndAsync(string launchId, string name, IReadOnlyList<Instance> started, bool isCertain, bool isSpot)
    {
        // What is wrong with the launch must not keep its end from happening, and neither must Ctrl+C.
        using var limit = new CancellationTokenSource(Limit, session.Clock);
        var left = new List<Instance>(started);
        try
        {
            if (isSpot)
                await CancelSpotRequestsAsync(launchId, limit.Token).ConfigureAwait(false);
            foreach (Instance found in await FindAsync(launchId, isCertain, limit.Token).ConfigureAwait(false))
            {
                if (left.All(i => i.InstanceId != found.InstanceId))
                    left.Add(found);
            }

            if (left.Count == 0)
                return isCertain ? "Nothing was started." : $"EC2 knows of nothing that was started; should it come up later, it is called '{name}'.";
            foreach (Instance[] batch in left.Chunk(InstanceQuery.PageSize))
                await FreshRetry.RunAsync(session, () => actions.TerminateRawAsync(batch, limit.Token), limit.Token).ConfigureAwait(false);
            return $"What it started was ended: {string.Join(", ", left.Select(i => i.InstanceId))}.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            string what = left.Count > 0 ? string.Join(", ", left.Select(i => i.InstanceId)) : $"whatever is called '{name}'";
            return $"WARNING: it could not be ended ({e.Message}). Still running and costing money: {what}. "
                + $"Run: Remove-Fe2Instance {(left.Count > 0 ? string.Join(",", left.Select(i => i.InstanceId)) : name)} -Region {session.Region}";
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
