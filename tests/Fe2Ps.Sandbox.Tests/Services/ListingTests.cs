using System.Diagnostics;
using System.Xml.Linq;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class ListingTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public async Task Filters_take_wildcards_tags_and_several_values()
    {
        await sandbox.LaunchAsync(3, "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=Name", "TagSpecification.1.Tag.1.Value=한국 *x*");
        Assert.Equal(3, await CountAsync("Filter.1.Name=tag:Name", "Filter.1.Value.1=한국 ?x?", "Filter.2.Name=instance-state-name", "Filter.2.Value.1=stopped", "Filter.2.Value.2=running"));
        Assert.Equal(3, await CountAsync("Filter.1.Name=tag:Name", @"Filter.1.Value.1=한국 \*x\*"));
        Assert.Equal(0, await CountAsync("Filter.1.Name=tag:Name", @"Filter.1.Value.1=한국 \?x*"));
        Assert.Equal(0, await CountAsync("Filter.1.Name=tag:Name", "Filter.1.Value.1=한국*", "Filter.2.Name=instance-type", "Filter.2.Value.1=m5.*"));
        Assert.Equal("InvalidParameterValue", await sandbox.CodeOfAsync("DescribeInstances", "Filter.1.Name=colour", "Filter.1.Value.1=red"));
    }

    [Fact]
    public async Task Pages_show_every_instance_once_although_some_go_in_between()
    {
        await sandbox.ControlAsync(HttpMethod.Post, "seed", new { instances = 40, prefix = "page-", region = "us-east-2" });
        string[] filter = ["Filter.1.Name=tag:Name", "Filter.1.Value.1=page-*"];
        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await sandbox.CallAsync("DescribeInstances", token is null ? [.. filter, "MaxResults=15"] : [.. filter, "MaxResults=15", $"NextToken={token}"]);
            seen.AddRange(Ids(page));
            if (token is null)
                await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={seen[^1]}");
            token = page.Element("nextToken")?.Value;
        }
        while (token is not null);
        Assert.Equal(40, seen.Count);
        Assert.Equal(40, seen.Distinct().Count());
    }

    [Theory]
    [InlineData("DescribeInstances", "MaxResults=4", "InvalidParameterValue")]
    [InlineData("DescribeInstances", "MaxResults=1001", "InvalidParameterValue")]
    [InlineData("DescribeInstances", "NextToken=abc", "InvalidNextToken")]
    [InlineData("DescribeInstances", "InstanceId.1=i-0123456789abcdef0", "InvalidInstanceID.NotFound")]
    [InlineData("DescribeInstances", "InstanceId.1=foo", "InvalidInstanceID.Malformed")]
    [InlineData("DescribeVolumes", "VolumeId.1=vol-0123456789abcdef0", "InvalidVolume.NotFound")]
    [InlineData("DescribeSnapshots", "SnapshotId.1=snap-0123456789abcdef0", "InvalidSnapshot.NotFound")]
    [InlineData("DescribeSecurityGroups", "GroupName.1=nope", "InvalidGroup.NotFound")]
    [InlineData("DescribeKeyPairs", "KeyName.1=nope", "InvalidKeyPair.NotFound")]
    [InlineData("DescribeSpotInstanceRequests", "SpotInstanceRequestId.1=sir-12345678", "InvalidSpotInstanceRequestID.NotFound")]
    [InlineData("DescribeInstanceTypes", "InstanceType.1=t99.huge", "InvalidInstanceType")]
    [InlineData("CreateTags", "ResourceId.1=i-0123456789abcdef0", "InvalidInstanceID.NotFound", "Tag.1.Key=a")]
    [InlineData("DescribeRegions", "RegionName.1=mars-1", "InvalidParameterValue")]
    public async Task A_wrong_listing_is_refused_with_EC2s_own_code(string operation, string parameter, string code, string? more = null)
        => Assert.Equal(code, await sandbox.CodeOfAsync(operation, more is null ? [parameter] : [parameter, more]));

    [Fact]
    public async Task Ten_thousand_instances_are_listed_page_by_page_at_a_good_pace()
    {
        await sandbox.ControlAsync(HttpMethod.Post, "seed", new { instances = 10_000, prefix = "many-", region = "us-east-2" });
        await sandbox.CallAsync("DescribeInstances", "MaxResults=1000");
        var clock = Stopwatch.StartNew();
        var count = 0;
        string? token = null;
        do
        {
            var page = await sandbox.CallAsync("DescribeInstances", token is null ? ["MaxResults=1000"] : ["MaxResults=1000", $"NextToken={token}"]);
            count += Ids(page).Count();
            token = page.Element("nextToken")?.Value;
        }
        while (token is not null);
        Assert.True(count >= 10_000);

        // Reading the XML in the test takes most of this; a page itself takes some 30 ms.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"{clock.Elapsed}");
    }

    private static IEnumerable<string> Ids(XElement answer) => answer.Descendants("instancesSet").Elements("item").Select(item => item.Element("instanceId")!.Value);

    private async Task<int> CountAsync(params string[] filters) => Ids(await sandbox.CallAsync("DescribeInstances", filters)).Count();
}
