using System.Collections.Concurrent;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Instance types as the region offers them. Facts about a type do not change, so they are asked for once a process.</summary>
public sealed class InstanceTypes(Fe2Session session)
{
    private static readonly ConcurrentDictionary<string, InstanceTypeInfo> Known = new();

    /// <summary>The facts about a type.</summary>
    /// <exception cref="Fe2Exception"><c>InstanceTypeNotFound</c>, with the types of the same family.</exception>
    public Task<InstanceTypeInfo> GetAsync(string type, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"look up the instance type {type}", type, async () =>
        {
            string key = $"{session.CacheScope}/{type}";
            if (Known.TryGetValue(key, out InstanceTypeInfo? known))
                return known;
            try
            {
                DescribeInstanceTypesResponse answer = await session.Ec2.DescribeInstanceTypesAsync(
                    new DescribeInstanceTypesRequest { InstanceTypes = [type] }, cancellationToken).ConfigureAwait(false);
                if (answer.InstanceTypes.FirstOrDefault() is { } found)
                    return Known[key] = found;
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode is "InvalidInstanceType" or "InvalidParameterValue")
            {
                // Neither says more than that there is no such type here.
            }

            IReadOnlyList<string> near = await FamilyAsync(type, cancellationToken).ConfigureAwait(false);
            throw new Fe2Exception(
                "InstanceTypeNotFound", Fe2ErrorKind.NotFound, $"There is no instance type '{type}' in {session.Region}.",
                near.Count > 0 ? $"Of that family there are: {string.Join(", ", near)}." : "Complete -InstanceType with Tab to see the types of this region.",
                type);
        });

    /// <summary>The zones of the region that offer the type.</summary>
    public Task<IReadOnlySet<string>> ZonesOfAsync(string type, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlySet<string>>($"find zones that offer {type}", type, async () =>
        {
            var zones = new HashSet<string>(StringComparer.Ordinal);
            var request = new DescribeInstanceTypeOfferingsRequest
            {
                LocationType = LocationType.AvailabilityZone,
                Filters = [InstanceQuery.Filter("instance-type", [type])],
            };
            do
            {
                DescribeInstanceTypeOfferingsResponse page = await session.Ec2.DescribeInstanceTypeOfferingsAsync(request, cancellationToken).ConfigureAwait(false);
                zones.UnionWith(page.InstanceTypeOfferings.Select(o => o.Location));
                request.NextToken = page.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
            return zones;
        });

    /// <summary>The names of all types that the region offers, in natural order.</summary>
    public Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<string>>("list instance types", session.Region, async () =>
        {
            var types = new List<string>();
            var request = new DescribeInstanceTypeOfferingsRequest { LocationType = LocationType.Region };
            do
            {
                DescribeInstanceTypeOfferingsResponse page = await session.Ec2.DescribeInstanceTypeOfferingsAsync(request, cancellationToken).ConfigureAwait(false);
                types.AddRange(page.InstanceTypeOfferings.Select(o => o.InstanceType.Value));
                request.NextToken = page.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
            types.Sort(NaturalOrder.Instance);
            return types;
        });

    /// <summary>The architecture that images for the type must have; x86_64 where the type takes several.</summary>
    public static string ArchitectureOf(InstanceTypeInfo type)
    {
        List<string> supported = ArchitecturesOf(type);
        return supported.Contains("x86_64") || supported.Count == 0 ? "x86_64" : supported[0];
    }

    internal static List<string> ArchitecturesOf(InstanceTypeInfo type) =>
        [.. (type.ProcessorInfo?.SupportedArchitectures ?? []).Select(a => (string)a)];

    private async Task<IReadOnlyList<string>> FamilyAsync(string type, CancellationToken cancellationToken)
    {
        string family = type.Split('.')[0];
        if (family.Length == 0 || family.Contains('*', StringComparison.Ordinal))
            return [];
        DescribeInstanceTypeOfferingsResponse answer = await session.Ec2.DescribeInstanceTypeOfferingsAsync(
            new DescribeInstanceTypeOfferingsRequest
            {
                LocationType = LocationType.Region,
                Filters = [InstanceQuery.Filter("instance-type", [family + ".*"])],
            },
            cancellationToken).ConfigureAwait(false);
        return [.. answer.InstanceTypeOfferings.Select(o => o.InstanceType.Value).Order(NaturalOrder.Instance).Take(12)];
    }
}
