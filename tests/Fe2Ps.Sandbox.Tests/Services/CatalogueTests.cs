using System.Globalization;
using System.Text.Json;
using Fe2Ps.Sandbox.Catalogue;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class CatalogueTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public void The_catalogue_is_wide_enough_to_choose_from()
    {
        Assert.True(InstanceTypes.All.Count >= 60);
        Assert.True(InstanceTypes.All.Values.Select(type => type.Family).Distinct().Count() >= 8);
        Assert.Contains(InstanceTypes.All.Values, type => type.Architecture == "arm64");
        Assert.Contains(InstanceTypes.All.Values, type => type.Gpu is { Name: "T4" });
        Assert.True(Geography.Regions.Count >= 4);
        Assert.All(InstanceTypes.All.Values, type => Assert.True(type is { VCpus: > 0, MemoryMiB: > 0, Price: > 0 }));
    }

    [Fact]
    public async Task The_parameter_of_a_release_names_the_newest_of_its_images()
    {
        foreach (var (word, architecture) in new[] { ("amd64", "x86_64"), ("arm64", "arm64") })
        {
            var answer = await sandbox.JsonAsync(
                "ssm", "AmazonSSM.GetParameter", new { Name = $"/aws/service/canonical/ubuntu/server/24.04/stable/current/{word}/hvm/ebs-gp3/ami-id" });
            var id = answer.GetProperty("Parameter").GetProperty("Value").GetString();
            var images = (await sandbox.CallAsync(
                "DescribeImages", "Owner.1=099720109477", "Filter.1.Name=name", $"Filter.1.Value.1=ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{word}-server-*"))
                .Descendants("imagesSet").Single().Elements("item").OrderBy(item => item.Element("creationDate")!.Value, StringComparer.Ordinal).ToList();
            Assert.True(images.Count >= 3);
            Assert.Equal(images[^1].Element("imageId")!.Value, id);
            Assert.Equal(architecture, images[^1].Element("architecture")!.Value);
        }

        var missing = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.JsonAsync("ssm", "AmazonSSM.GetParameter", new { Name = "/nope" }));
        Assert.Equal("ParameterNotFound", missing.Code);
        var invalid = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.JsonAsync("ssm", "AmazonSSM.GetParameter", new { }));
        Assert.Equal("ValidationException", invalid.Code);
    }

    private static object Term(string field, string value, string type = "TERM_MATCH") => new { Type = type, Field = field, Value = value };

    private Task<JsonElement> ProductsAsync(object[] filters, string service = "AmazonEC2", string region = "us-east-1", string? token = null) => sandbox.JsonAsync(
        "pricing", "AWSPriceListService.GetProducts", new { ServiceCode = service, Filters = filters, NextToken = token }, region);

    private static IReadOnlyList<JsonElement> Read(JsonElement answer) =>
        [.. answer.GetProperty("PriceList").EnumerateArray().Select(text => JsonDocument.Parse(text.GetString()!).RootElement)];

    private static double Usd(JsonElement product) => double.Parse(
        product.GetProperty("terms").GetProperty("OnDemand").EnumerateObject().Single().Value.GetProperty("priceDimensions").EnumerateObject().Single().Value
            .GetProperty("pricePerUnit").GetProperty("USD").GetString()!,
        CultureInfo.InvariantCulture);

    private static string? Attribute(JsonElement product, string name) => product.GetProperty("product").GetProperty("attributes").GetProperty(name).GetString();

    [Fact]
    public async Task The_price_list_agrees_with_the_catalogue()
    {
        var answer = await ProductsAsync(
        [
            Term("instanceType", "c6i.xlarge"), Term("location", "US East (Ohio)"), Term("operatingSystem", "Linux"), Term("tenancy", "Shared"),
            Term("capacitystatus", "Used"),
        ]);
        var product = Assert.Single(Read(answer));
        Assert.Equal(0.17, Usd(product));
        Assert.Equal("4", Attribute(product, "vcpu"));
        Assert.Equal("USE2-BoxUsage:c6i.xlarge", Attribute(product, "usagetype"));
        Assert.Equal("Compute Instance", product.GetProperty("product").GetProperty("productFamily").GetString());
        Assert.Contains(product.GetProperty("terms").GetProperty("Reserved").EnumerateObject(), term => term.Value.GetProperty("termAttributes").GetProperty("LeaseContractLength").GetString() == "3yr");
    }

    [Fact]
    public async Task A_type_is_many_products_until_filters_say_which()
    {
        var all = Read(await ProductsAsync([Term("instanceType", "m5.large"), Term("regionCode", "us-east-2")]));
        Assert.Equal(9, all.Count);
        Assert.Contains(all, product => Usd(product) == 0);
        Assert.Equal(2, all.Count(product => Attribute(product, "operatingSystem") == "Windows"));
        var family = Read(await ProductsAsync([Term("instanceType", "m5.", "CONTAINS"), Term("regionCode", "us-east-2"), Term("operatingSystem", "SUSE")]));
        Assert.Equal(8, family.Count);
    }

    [Fact]
    public async Task The_price_list_comes_in_pages_of_at_most_a_hundred()
    {
        var (token, skus) = ((string?)null, new List<string>());
        do
        {
            var page = await ProductsAsync([Term("regionCode", "eu-west-1"), Term("productFamily", "Compute Instance")], token: token);
            var products = Read(page);
            Assert.InRange(products.Count, 1, 100);
            skus.AddRange(products.Select(product => product.GetProperty("product").GetProperty("sku").GetString()!));
            token = page.TryGetProperty("NextToken", out var next) ? next.GetString() : null;
        }
        while (token is not null);
        Assert.True(skus.Count > 500);
        Assert.Equal(skus.Count, skus.Distinct().Count());
    }

    [Fact]
    public async Task Addresses_are_products_of_VPC_without_a_family()
    {
        var products = Read(await ProductsAsync([Term("group", "VPCPublicIPv4Address"), Term("regionCode", "us-west-2")], "AmazonVPC", "eu-central-1"));
        Assert.Equal(["USW2-PublicIPv4:IdleAddress", "USW2-PublicIPv4:InUseAddress"], products.Select(product => Attribute(product, "usagetype")).Order(StringComparer.Ordinal));
        Assert.All(products, product => Assert.False(product.GetProperty("product").TryGetProperty("productFamily", out _)));
    }

    [Fact]
    public async Task The_price_list_runs_in_a_few_regions_only()
    {
        Assert.Single(Read(await ProductsAsync([Term("usagetype", "EBS:SnapshotUsage")], region: "ap-south-1")));
        Assert.Equal("InvalidSignatureException", (await Assert.ThrowsAsync<ApiFailure>(() => ProductsAsync([], region: "us-east-2"))).Code);
        Assert.Equal("InvalidParameterException", (await Assert.ThrowsAsync<ApiFailure>(() => ProductsAsync([], "AmazonS4"))).Code);
    }

    [Fact]
    public async Task Every_region_has_its_own_network_and_zones()
    {
        var zones = (await sandbox.CallAsync("DescribeAvailabilityZones")).Descendants("zoneName").Select(element => element.Value);
        Assert.Equal(["us-east-2a", "us-east-2b", "us-east-2c"], zones);
        var subnets = (await sandbox.CallAsync("DescribeSubnets", "Filter.1.Name=default-for-az", "Filter.1.Value.1=true")).Descendants("subnetId");
        Assert.Equal(3, subnets.Count());
        Assert.NotEqual(sandbox.Cloud.Region("us-east-2").Vpc.Id, sandbox.Cloud.Region("eu-west-1").Vpc.Id);
    }
}
