using System.Globalization;
using System.Text.Json;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>The price list service: GetProducts, GetAttributeValues, DescribeServices, for AmazonEC2.</summary>
internal static class PriceList
{
    private static readonly Lazy<IReadOnlyList<Product>> s_products = new(() => [.. Geography.Regions.SelectMany(Products)]);

    public static void Register(OperationTable table)
    {
        table.Add("pricing", "GetProducts", Get);
        table.Add("pricing", "GetAttributeValues", Values);
        table.Add("pricing", "DescribeServices", Services);
    }

    private static Fields Get(Call call)
    {
        CheckService(call);
        IEnumerable<Product> products = s_products.Value;
        foreach (var filter in call.Input.List("Filters"))
        {
            var (type, field, value) = (filter.Text("Type")!, filter.Text("Field")!, filter.Text("Value")!);
            products = products.Where(product => (field == "ServiceCode" ? "AmazonEC2" : product.Attributes.GetValueOrDefault(field)) is { } has && Matches(type, has, value));
        }

        var page = Pages.Cut(products, call, product => product.Sku, least: 1, most: 100, usual: 100);
        return new Fields
        {
            ["FormatVersion"] = "aws_v1",
            ["PriceList"] = page.Items.Select(product => product.Document()).ToList(),
            ["NextToken"] = page.NextToken,
        };
    }

    private static bool Matches(string type, string has, string value) => type switch
    {
        "TERM_MATCH" or "EQUALS" => has.Equals(value, StringComparison.OrdinalIgnoreCase),
        "CONTAINS" => has.Contains(value, StringComparison.OrdinalIgnoreCase),
        "ANY_OF" => value.Split(',').Contains(has),
        "NONE_OF" => !value.Split(',').Contains(has),
        _ => false,
    };

    private static Fields Values(Call call)
    {
        CheckService(call);
        var name = call.Input.Text("AttributeName")!;
        var values = s_products.Value.Select(product => product.Attributes.GetValueOrDefault(name)).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        if (values.Count == 0)
            throw new ApiException("NotFoundException", $"The attribute {name} is not found.");
        var page = Pages.Cut(values, call, value => value, least: 1, most: 100, usual: 100);
        return new Fields { ["AttributeValues"] = page.Items.Select(value => new Fields { ["Value"] = value }).ToList(), ["NextToken"] = page.NextToken };
    }

    private static Fields Services(Call call)
    {
        if (call.Input.Text("ServiceCode") is { } code && code != "AmazonEC2")
            throw new ApiException("InvalidParameterException", $"Invalid service code: {code}");
        return new Fields
        {
            ["FormatVersion"] = "aws_v1",
            ["Services"] = new[]
            {
                new Fields { ["ServiceCode"] = "AmazonEC2", ["AttributeNames"] = s_products.Value[0].Attributes.Keys.Concat(["volumeApiName"]).ToList() },
            },
        };
    }

    private static void CheckService(Call call)
    {
        var code = call.Input.Text("ServiceCode");
        if (code != "AmazonEC2")
            throw new ApiException("InvalidParameterException", $"Invalid service code: {code}");
    }

    private static IEnumerable<Product> Products(RegionFacts region)
    {
        foreach (var type in InstanceTypes.All.Values)
            yield return Compute(region, type);
        foreach (var (name, price) in new[] { ("gp2", 0.10), ("gp3", 0.08), ("io1", 0.125), ("io2", 0.125), ("st1", 0.045), ("sc1", 0.015), ("standard", 0.05) })
        {
            yield return new Product(
                Sku(region, name), "Storage", "GB-Mo", Math.Round(price * region.PriceFactor, 4), $"per GB-month of {name} provisioned storage - {region.Location}",
                new(StringComparer.Ordinal)
                {
                    ["servicecode"] = "AmazonEC2",
                    ["location"] = region.Location,
                    ["locationType"] = "AWS Region",
                    ["regionCode"] = region.Name,
                    ["volumeApiName"] = name,
                    ["usagetype"] = $"{region.UsagePrefix}EBS:VolumeUsage{(name == "gp2" ? "" : "." + name)}",
                    ["operation"] = "",
                });
        }

        yield return new Product(
            Sku(region, "snapshot"), "Storage Snapshot", "GB-Mo", Math.Round(0.05 * region.PriceFactor, 4), $"per GB-Month of snapshot data stored - {region.Location}",
            new(StringComparer.Ordinal)
            {
                ["servicecode"] = "AmazonEC2",
                ["location"] = region.Location,
                ["locationType"] = "AWS Region",
                ["regionCode"] = region.Name,
                ["usagetype"] = $"{region.UsagePrefix}EBS:SnapshotUsage",
                ["operation"] = "",
            });
    }

    private static Product Compute(RegionFacts region, TypeFacts type)
    {
        var price = Prices.OnDemand(type, region);
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["servicecode"] = "AmazonEC2",
            ["location"] = region.Location,
            ["locationType"] = "AWS Region",
            ["regionCode"] = region.Name,
            ["instanceType"] = type.Name,
            ["instanceFamily"] = type.Gpu is not null ? "GPU instance" : type.Family[0] switch { 'c' => "Compute optimized", 'r' => "Memory optimized", _ => "General purpose" },
            ["currentGeneration"] = type.Current ? "Yes" : "No",
            ["vcpu"] = type.VCpus.ToString(CultureInfo.InvariantCulture),
            ["memory"] = $"{(type.MemoryMiB / 1024.0).ToString("0.##", CultureInfo.InvariantCulture)} GiB",
            ["storage"] = type.Disks == 0 ? "EBS only" : $"{type.Disks} x {type.DiskGB} NVMe SSD",
            ["networkPerformance"] = type.Network,
            ["processorArchitecture"] = "64-bit",
            ["tenancy"] = "Shared",
            ["operatingSystem"] = "Linux",
            ["preInstalledSw"] = "NA",
            ["licenseModel"] = "No License required",
            ["capacitystatus"] = "Used",
            ["marketoption"] = "OnDemand",
            ["operation"] = "RunInstances",
            ["usagetype"] = $"{region.UsagePrefix}BoxUsage:{type.Name}",
        };
        if (type.Gpu is not null)
            attributes["gpu"] = type.Gpu.Count.ToString(CultureInfo.InvariantCulture);
        return new Product(
            Sku(region, type.Name), "Compute Instance", "Hrs", price,
            $"${price.ToString(CultureInfo.InvariantCulture)} per On Demand Linux {type.Name} Instance Hour", attributes);
    }

    private static string Sku(RegionFacts region, string what)
        => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{region.Name} {what}")))[..16];

    private sealed record Product(string Sku, string Family, string Unit, double Price, string Description, Dictionary<string, string> Attributes)
    {
        // The codes of the on-demand term and of an hourly rate are the same in all of AWS's price lists.
        private const string Term = "JRTCKXETXF";
        private const string Rate = "6YS6EN2CT7";

        public string Document() => JsonSerializer.Serialize(new
        {
            product = new { productFamily = Family, attributes = Attributes, sku = Sku },
            serviceCode = "AmazonEC2",
            terms = new
            {
                OnDemand = new Dictionary<string, object>
                {
                    [$"{Sku}.{Term}"] = new
                    {
                        priceDimensions = new Dictionary<string, object>
                        {
                            [$"{Sku}.{Term}.{Rate}"] = new
                            {
                                unit = Unit,
                                endRange = "Inf",
                                description = Description,
                                appliesTo = Array.Empty<string>(),
                                rateCode = $"{Sku}.{Term}.{Rate}",
                                beginRange = "0",
                                pricePerUnit = new { USD = Price.ToString("0.0000000000", CultureInfo.InvariantCulture) },
                            },
                        },
                        sku = Sku,
                        effectiveDate = "2026-01-01T00:00:00Z",
                        offerTermCode = Term,
                        termAttributes = new { },
                    },
                },
            },
            version = "20260101000000",
            publicationDate = "2026-01-01T00:00:00Z",
        });
    }
}
