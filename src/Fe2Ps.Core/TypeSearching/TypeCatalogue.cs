using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Caches;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.TypeSearching;

/// <summary>Every instance type of a region with the zones that offer it, kept in the Fe2 folder for a week.</summary>
internal sealed class TypeCatalogue(Fe2Session session)
{
    private const int PageSize = 100;
    private static readonly TimeSpan Freshness = TimeSpan.FromDays(7);

    private string Name => $"types-{session.CacheScope}";

    public async Task<IReadOnlyList<TypeFacts>> ListAsync(bool refresh, IProgress<Fe2Report>? progress, CancellationToken cancellationToken) =>
        (await KeptAnswers.GetAsync(
            session, Name, Freshness, () => DiskCache.Find(session.Folder, Name, TypeFacts.Read), () => AskAsync(cancellationToken), refresh,
            (at, why) => progress?.Report(new WarningReport($"{why.Message} What is known of instance types is {AgeText.Of(session.Clock.GetUtcNow() - at)} old.")),
            cancellationToken).ConfigureAwait(false)).Value;

    private async Task<Cached<IReadOnlyList<TypeFacts>>> AskAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = session.Clock.GetUtcNow();
        Task<ILookup<string, string>> zones = ZonesAsync(cancellationToken);
        Task<List<InstanceTypeInfo>> types = TypesAsync(cancellationToken);
        await Task.WhenAll(zones, types).ConfigureAwait(false);
        ILookup<string, string> byType = await zones.ConfigureAwait(false);
        IReadOnlyList<TypeFacts> facts =
        [
            .. (await types.ConfigureAwait(false)).Select(t => TypeFacts.Of(t, [.. byType[t.InstanceType.Value].Order(StringComparer.Ordinal)])),
        ];
        return DiskCache.Put(session.Folder, Name, now, facts, TypeFacts.Write);
    }

    private async Task<List<InstanceTypeInfo>> TypesAsync(CancellationToken cancellationToken)
    {
        var types = new List<InstanceTypeInfo>();
        var request = new DescribeInstanceTypesRequest { MaxResults = PageSize };
        do
        {
            DescribeInstanceTypesResponse page = await session.Ec2.DescribeInstanceTypesAsync(request, cancellationToken).ConfigureAwait(false);
            types.AddRange(page.InstanceTypes);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return types;
    }

    private async Task<ILookup<string, string>> ZonesAsync(CancellationToken cancellationToken)
    {
        var offers = new List<InstanceTypeOffering>();
        var request = new DescribeInstanceTypeOfferingsRequest { LocationType = LocationType.AvailabilityZone };
        do
        {
            DescribeInstanceTypeOfferingsResponse page = await session.Ec2.DescribeInstanceTypeOfferingsAsync(request, cancellationToken).ConfigureAwait(false);
            offers.AddRange(page.InstanceTypeOfferings);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return offers.ToLookup(o => o.InstanceType.Value, o => o.Location, StringComparer.Ordinal);
    }
}
