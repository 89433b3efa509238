using Amazon.EC2.Model;
using Amazon.Pricing;
using Amazon.Pricing.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using PriceFilter = Amazon.Pricing.Model.Filter;

namespace Fe2Ps.Core.Prices;

/// <summary>The questions to the price list service. It runs in a few regions only; the session's client goes to the nearest.</summary>
internal sealed class PriceQuestions(Fe2Session session)
{
    /// <summary>The most that GetProducts gives at once.</summary>
    private const int PageSize = 100;

    /// <summary>The most values of a filter of EC2.</summary>
    private const int MostValues = 200;

    /// <summary>The on-demand prices of a family, or with null of all types: shared tenancy, licence of the operating system included.</summary>
    public async Task<IReadOnlyList<OnDemandPrice>> TypesAsync(
        string? family, string operatingSystem, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        List<PriceFilter> filters =
        [
            Term("regionCode", session.Region), Term("operatingSystem", operatingSystem), Term("preInstalledSw", "NA"),
            Term("tenancy", "Shared"), Term("capacitystatus", "Used"), Term("licenseModel", "No License required"),
        ];
        if (family is not null)
            filters.Add(new PriceFilter { Type = FilterType.CONTAINS, Field = "instanceType", Value = family + "." });
        DateTimeOffset now = session.Clock.GetUtcNow();
        List<PriceProduct> products = await ProductsAsync(
            "AmazonEC2", filters, family is null ? progress : null, cancellationToken).ConfigureAwait(false);
        // What has no price of its own, such as reserved blocks, is listed with 0.
        List<OnDemandPrice> prices =
        [
            .. products.Where(p => p.Usd > 0 && p["instanceType"].Contains('.', StringComparison.Ordinal))
                .GroupBy(p => p["instanceType"], StringComparer.Ordinal)
                .Where(g => family is null || InstanceTypePattern.FamilyOf(g.Key) == family)
                .Select(g => Price(g.MinBy(p => p.Usd)!, operatingSystem, now)),
        ];
        return await WithGpusAsync(prices, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The products of a service in this region, every page.</summary>
    public async Task<List<PriceProduct>> ProductsAsync(
        string service, List<PriceFilter> filters, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        PriceCurrency.Check(session);
        var products = new List<PriceProduct>();
        var request = new GetProductsRequest { ServiceCode = service, FormatVersion = "aws_v1", Filters = filters, MaxResults = PageSize };
        do
        {
            GetProductsResponse page = await session.Pricing.GetProductsAsync(request, cancellationToken).ConfigureAwait(false);
            // Racks in somebody's own house (Outposts) are listed under their region, with prices of their own.
            products.AddRange(page.PriceList.Select(PriceProduct.Read).OfType<PriceProduct>().Where(p => p["locationType"] is "" or "AWS Region"));
            request.NextToken = page.NextToken;
            progress?.Report(new ProgressReport($"Prices of {session.Region}", $"{products.Count} so far"));
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return products;
    }

    public static PriceFilter Term(string field, string value) => new() { Type = FilterType.TERM_MATCH, Field = field, Value = value };

    private OnDemandPrice Price(PriceProduct product, string operatingSystem, DateTimeOffset now) => new()
    {
        InstanceType = product["instanceType"],
        Region = session.Region,
        OperatingSystem = operatingSystem,
        VCpu = product.Number("vcpu"),
        MemoryGiB = product.Amount("memory"),
        GpuCount = product.Number("gpu"),
        Network = product["networkPerformance"],
        UsdPerHour = product.Usd,
        AsOf = now,
    };

    /// <summary>The price list counts GPUs and does not name them; EC2 does.</summary>
    private async Task<IReadOnlyList<OnDemandPrice>> WithGpusAsync(
        List<OnDemandPrice> prices, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        string[] types = [.. prices.Where(p => p.GpuCount > 0).Select(p => p.InstanceType)];
        if (types.Length == 0)
            return prices;
        var known = new Dictionary<string, GpuInfo>(StringComparer.Ordinal);
        try
        {
            foreach (string[] some in types.Chunk(MostValues))
            {
                // As a filter: a list of types would be refused as a whole for one that this region does not offer yet.
                var request = new DescribeInstanceTypesRequest { Filters = [InstanceQuery.Filter("instance-type", some)] };
                do
                {
                    DescribeInstanceTypesResponse page = await session.Ec2.DescribeInstanceTypesAsync(request, cancellationToken).ConfigureAwait(false);
                    foreach (InstanceTypeInfo type in page.InstanceTypes.Where(t => t.GpuInfo is not null))
                        known[type.InstanceType.Value] = type.GpuInfo;
                    request.NextToken = page.NextToken;
                }
                while (!string.IsNullOrEmpty(request.NextToken));
            }
        }
        catch (Exception e) when (e is Amazon.Runtime.AmazonServiceException or Amazon.Runtime.AmazonClientException or HttpRequestException)
        {
            progress?.Report(new VerboseReport($"The names of the GPUs are not known: {e.Message}"));
        }

        return
        [
            .. prices.Select(p => known.TryGetValue(p.InstanceType, out GpuInfo? gpu) && gpu.Gpus.Count > 0
                ? p with
                {
                    GpuName = $"{gpu.Gpus[0].Manufacturer} {gpu.Gpus[0].Name}".Trim(),
                    GpuMemoryGiB = gpu.TotalGpuMemoryInMiB / 1024.0,
                }
                : p),
        ];
    }
}
