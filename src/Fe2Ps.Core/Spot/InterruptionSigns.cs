using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Spot;

/// <summary>What EC2 says from outside about a spot machine that it takes away. Source: "Spot request status codes" in the EC2 user guide.</summary>
internal sealed class InterruptionSigns(Fe2Session session)
{
    /// <summary>Whether the machine is marked for termination, stop or hibernation.</summary>
    public Task<bool> IsMarkedAsync(string instanceId, CancellationToken cancellationToken) =>
        session.GuardAsync("ask for the spot request", instanceId, async () =>
        {
            DescribeSpotInstanceRequestsResponse found = await session.Ec2.DescribeSpotInstanceRequestsAsync(
                new DescribeSpotInstanceRequestsRequest { Filters = [InstanceQuery.Filter("instance-id", [instanceId])] }, cancellationToken).ConfigureAwait(false);
            return found.SpotInstanceRequests.Any(r => IsMark(r.Status?.Code));
        });

    /// <summary>Whether a status code announces an interruption.</summary>
    public static bool IsMark(string? code) => code?.StartsWith("marked-for-", StringComparison.Ordinal) == true;
}
