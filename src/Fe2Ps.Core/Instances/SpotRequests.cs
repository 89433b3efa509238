using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>The spot requests behind instances. A persistent one launches a new instance when its own ends, so it is cancelled before.</summary>
internal sealed class SpotRequests(Fe2Session session)
{
    /// <summary>What kept requests from being cancelled.</summary>
    /// <param name="Requests">Their ids.</param>
    /// <param name="Cause">Why.</param>
    public sealed record Failure(IReadOnlyList<string> Requests, Exception Cause);

    /// <summary>Cancels the requests of these instances. Only the caller's own cancellation is thrown: nothing else may keep an instance from being ended.</summary>
    /// <returns>What failed, or null.</returns>
    public async Task<Failure?> CancelOfAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        List<string> requests = [.. instances.Select(i => i.SpotInstanceRequestId).Where(r => !string.IsNullOrEmpty(r)).Distinct()];
        if (requests.Count == 0)
            return null;
        using var limit = new SpotLimit(session, cancellationToken);
        try
        {
            await CancelAsync(requests, limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (IsTrouble(e) && !cancellationToken.IsCancellationRequested)
        {
            return new Failure(requests, e);
        }
    }

    /// <summary>After the instances were terminated: a problem for each request that can still launch another one. One-time requests are closed by then.</summary>
    public async Task<IReadOnlyList<Fe2Exception>> LeftAsync(Failure failure, CancellationToken cancellationToken)
    {
        using var limit = new SpotLimit(session, cancellationToken);
        List<string> left = [.. failure.Requests];
        try
        {
            foreach (string[] few in failure.Requests.Chunk(InstanceQuery.FilterValues))
            {
                DescribeSpotInstanceRequestsResponse answer = await session.Ec2.DescribeSpotInstanceRequestsAsync(
                    new DescribeSpotInstanceRequestsRequest { Filters = [InstanceQuery.Filter("spot-instance-request-id", few)] }, limit.Token).ConfigureAwait(false);
                IEnumerable<string> launching = answer.SpotInstanceRequests
                    .Where(r => r.Type == SpotInstanceType.Persistent && r.State?.Value is "open" or "active" or "disabled").Select(r => r.SpotInstanceRequestId);
                left.RemoveAll(r => few.Contains(r, StringComparer.Ordinal) && !launching.Contains(r, StringComparer.Ordinal));
            }
        }
        catch (Exception e) when (IsTrouble(e))
        {
            // Unseen, each of them may be one that launches again.
        }

        return [.. left.Select(request => new Fe2Exception(
            "SpotRequestLeft", Fe2ErrorKind.OperationFailed,
            $"The instance is ending, but its spot request {request} could not be cancelled ({failure.Cause.Message}); if that is a persistent one, EC2 launches a new instance for it.",
            $"Cancel it: aws ec2 cancel-spot-instance-requests --region {session.Region} --spot-instance-request-ids {request}; then look with Get-Fe2Instance.",
            request, failure.Cause))];
    }

    private async Task CancelAsync(List<string> requests, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.CancelSpotInstanceRequestsAsync(
                new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = requests }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidSpotInstanceRequestID.NotFound")
        {
            // EC2 forgets requests sooner than instances; the rest is still to be cancelled.
            foreach (string request in requests.Count > 1 ? requests : [])
                await CancelAsync([request], cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsTrouble(Exception e) =>
        e is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or OperationCanceledException;
}

/// <summary>How long trouble with a spot request may hold up the end of an instance, which costs more.</summary>
internal sealed class SpotLimit : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource clock;
    private readonly CancellationTokenSource both;

    public SpotLimit(Fe2Session session, CancellationToken cancellationToken)
    {
        clock = new CancellationTokenSource(Patience, session.Clock);
        both = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
    }

    public CancellationToken Token => both.Token;

    public void Dispose()
    {
        both.Dispose();
        clock.Dispose();
    }
}
