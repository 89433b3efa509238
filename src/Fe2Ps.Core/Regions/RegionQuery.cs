using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Regions;

/// <summary>The regions as the session's account sees them.</summary>
public sealed class RegionQuery(Fe2Session session)
{
    /// <summary>The regions that this account can use, or all there are, by code.</summary>
    /// <param name="pattern">A code, a friendly name, a part of one, or null for all.</param>
    /// <param name="includeDisabled">Also the regions that the account has not opted in to.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="Fe2Exception"><c>RegionNotFound</c>, or a failure of the call.</exception>
    public Task<IReadOnlyList<RegionInfo>> ListAsync(
        string? pattern = null, bool includeDisabled = false, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<RegionInfo>>("list regions", pattern, async () =>
        {
            DescribeRegionsResponse answer = await session.Ec2.DescribeRegionsAsync(
                new DescribeRegionsRequest { AllRegions = includeDisabled }, cancellationToken).ConfigureAwait(false);
            List<RegionInfo> all =
            [
                .. answer.Regions
                    .Select(r => new RegionInfo(
                        r.RegionName, RegionCatalogue.LongNameOf(r.RegionName), r.Endpoint, r.OptInStatus, r.RegionName == session.Region))
                    .OrderBy(r => r.Code, StringComparer.Ordinal),
            ];
            if (string.IsNullOrWhiteSpace(pattern) || pattern == "*")
                return all;
            HashSet<string> wanted = [.. RegionCatalogue.Search(pattern).Select(r => r.Code)];
            List<RegionInfo> found = [.. all.Where(r => wanted.Contains(r.Code))];
            if (found.Count > 0)
                return found;
            string code = RegionCatalogue.Resolve(pattern);
            throw new Fe2Exception(
                "RegionNotEnabled", Fe2ErrorKind.NotFound, $"The region {code} exists, but this account cannot use it.",
                "Enable it in the AWS console under Account, AWS Regions; -All lists every region.", code);
        });
}
