using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>The price list service: GetProducts, GetAttributeValues, DescribeServices, for AmazonEC2, AmazonEFS and the addresses of AmazonVPC.</summary>
internal static class PriceList
{
    // Source: https://docs.aws.amazon.com/general/latest/gr/billing.html, the Price List Query API.
    private static readonly string[] s_homes = ["us-east-1", "eu-central-1", "ap-south-1"];
    private static readonly string[] s_services = ["AmazonEC2", "AmazonEFS", "AmazonVPC"];
    private static readonly Lazy<IReadOnlyList<PriceProduct>> s_products = new(() => [.. Geography.Regions.SelectMany(PriceProducts.Of)]);

    /// <summary>Whose facts a call sees: the service runs in a few regions, the sandbox has one of them for certain.</summary>
    /// <exception cref="ApiException">The service does not run there.</exception>
    public static string RegionOf(string region) => s_homes.Contains(region)
        ? s_homes[0]
        : throw new ApiException("InvalidSignatureException", $"Credential should be scoped to a valid region, not '{region}'. The price list runs in {string.Join(", ", s_homes)}.");

    public static void Register(OperationTable table)
    {
        table.Add("pricing", "GetProducts", Get);
        table.Add("pricing", "GetAttributeValues", Values);
        table.Add("pricing", "DescribeServices", Services);
    }

    private static Fields Get(Call call)
    {
        var products = OfService(call);
        foreach (var filter in call.Input.List("Filters"))
        {
            var (type, field, value) = (filter.Text("Type")!, filter.Text("Field")!, filter.Text("Value")!);
            products = products.Where(product => product.Field(field) is { } has && Matches(type, has, value));
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
        var name = call.Input.Text("AttributeName")!;
        var values = OfService(call).Select(product => product.Field(name)).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        if (values.Count == 0)
            throw new ApiException("NotFoundException", $"The attribute {name} is not found.");
        var page = Pages.Cut(values, call, value => value, least: 1, most: 100, usual: 100);
        return new Fields { ["AttributeValues"] = page.Items.Select(value => new Fields { ["Value"] = value }).ToList(), ["NextToken"] = page.NextToken };
    }

    private static Fields Services(Call call)
    {
        var codes = call.Input.Text("ServiceCode") is { } code ? [Known(code)] : s_services;
        return new Fields
        {
            ["FormatVersion"] = "aws_v1",
            ["Services"] = codes.Select(code => new Fields
            {
                ["ServiceCode"] = code,
                ["AttributeNames"] = s_products.Value.Where(product => product.Service == code).SelectMany(product => product.Attributes.Keys)
                    .Append("productFamily").Distinct().Order(StringComparer.Ordinal).ToList(),
            }).ToList(),
        };
    }

    private static IEnumerable<PriceProduct> OfService(Call call)
    {
        var code = Known(call.Input.Text("ServiceCode"));
        return s_products.Value.Where(product => product.Service == code);
    }

    private static string Known(string? code) => code is not null && s_services.Contains(code)
        ? code
        : throw new ApiException("InvalidParameterException", $"Invalid service code: {code}");
}
