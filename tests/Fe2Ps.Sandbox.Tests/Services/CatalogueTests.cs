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

    [Fact]
    public async Task The_price_list_agrees_with_the_catalogue()
    {
        var answer = await sandbox.JsonAsync("pricing", "AWSPriceListService.GetProducts", new
        {
            ServiceCode = "AmazonEC2",
            Filters = new[]
            {
                new { Type = "TERM_MATCH", Field = "instanceType", Value = "c6i.xlarge" },
                new { Type = "TERM_MATCH", Field = "location", Value = "US East (Ohio)" },
            },
        });
        using var product = JsonDocument.Parse(Assert.Single(answer.GetProperty("PriceList").EnumerateArray()).GetString()!);
        var term = product.RootElement.GetProperty("terms").GetProperty("OnDemand").EnumerateObject().Single().Value;
        var price = term.GetProperty("priceDimensions").EnumerateObject().Single().Value.GetProperty("pricePerUnit").GetProperty("USD").GetString()!;
        Assert.Equal(0.17, double.Parse(price, CultureInfo.InvariantCulture));
        Assert.Equal("4", product.RootElement.GetProperty("product").GetProperty("attributes").GetProperty("vcpu").GetString());
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
