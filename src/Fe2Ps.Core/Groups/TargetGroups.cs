using Amazon.ElasticLoadBalancingV2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Groups;

/// <summary>Target groups of load balancers, by name or ARN. This module makes none: they come with their load balancer.</summary>
public sealed class TargetGroups(Fe2Session session)
{
    /// <summary>The name in an ARN: <c>arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID</c>.</summary>
    public static string NameIn(string arn) => arn.Split('/') is [_, var name, ..] ? name : arn;

    /// <summary>The one target group with this name or ARN.</summary>
    /// <exception cref="Fe2Exception"><c>TargetGroupNotFound</c>, with those that there are.</exception>
    public Task<TargetGroup> GetAsync(string nameOrArn, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"find the target group {nameOrArn}", nameOrArn, async () =>
        {
            List<TargetGroup> all = await PagesAsync(cancellationToken).ConfigureAwait(false);
            return all.FirstOrDefault(g => g.TargetGroupArn == nameOrArn || g.TargetGroupName == nameOrArn)
                ?? throw GroupErrors.TargetGroupNotFound(nameOrArn, Names(all));
        });

    /// <summary>The names of all of the region.</summary>
    public Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken = default) =>
        session.GuardAsync("list target groups", session.Region, async () => Names(await PagesAsync(cancellationToken).ConfigureAwait(false)));

    private static IReadOnlyList<string> Names(IEnumerable<TargetGroup> groups) => [.. groups.Select(g => g.TargetGroupName).Order(NaturalOrder.Instance)];

    private async Task<List<TargetGroup>> PagesAsync(CancellationToken cancellationToken)
    {
        var found = new List<TargetGroup>();
        var request = new DescribeTargetGroupsRequest { PageSize = 400 };
        do
        {
            DescribeTargetGroupsResponse page = await session.Balancing.DescribeTargetGroupsAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.TargetGroups);
            request.Marker = page.NextMarker;
        }
        while (!string.IsNullOrEmpty(request.Marker));
        return found;
    }
}
