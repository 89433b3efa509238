using System.Text.Json.Nodes;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Prices;

public sealed class PriceListTests
{
    private static PriceRequest Ask(params string[] patterns) => new() { Patterns = patterns };

    private static IEnumerable<string> Types(PriceSelection selection) => selection.Prices.Select(p => p.InstanceType);

    [Fact]
    public async Task AFamilyIsAWholeWord()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var list = new PriceList(await cloud.SessionAsync());

        PriceSelection m5 = await list.OnDemandAsync(Ask("m5"));
        Assert.Empty(m5.Problems);
        Assert.Equal(
            ["m5.large", "m5.xlarge", "m5.2xlarge", "m5.4xlarge", "m5.8xlarge", "m5.12xlarge", "m5.16xlarge", "m5.24xlarge"], Types(m5));
        Assert.Equal(["GetProducts"], await cloud.OperationsAsync());

        OnDemandPrice large = m5.Prices[0];
        Assert.Equal((2, 8.0, 0.096m, 70.08m, "Up to 10 Gigabit"), (large.VCpu, large.MemoryGiB, large.UsdPerHour, large.UsdPerMonth, large.Network));
        Assert.Equal(("us-east-2", "Linux", 0, (string?)null), (large.Region, large.OperatingSystem, large.GpuCount, large.GpuName));

        Assert.Contains("m5a.large", Types(await list.OnDemandAsync(Ask("m5*"))));
        Assert.Equal(["m5.large"], Types(await list.OnDemandAsync(Ask("M5.Large"))));
        Assert.Equal(["m5.large", "m5a.large"], Types(await list.OnDemandAsync(Ask("m5?.large", "m5.large"))));
        Assert.All(Types(await list.OnDemandAsync(Ask("*.metal"))), type => Assert.EndsWith(".metal", type, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AllTypesComeInPagesAndServeEveryLaterQuestion()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var list = new PriceList(await cloud.SessionAsync());

        PriceSelection all = await list.OnDemandAsync(Ask());
        Assert.True(all.Prices.Count > 80, $"{all.Prices.Count} types");
        await cloud.ForgetCallsAsync();

        Assert.Equal(3, (await list.OnDemandAsync(Ask("p3"))).Prices.Count);
        Assert.Equal(7, (await list.OnDemandAsync(Ask("g?", "c6i.large", "p3.2*", "r5.large"))).Prices.Count);
        Assert.Empty(await cloud.CallsAsync());
    }

    [Fact]
    public async Task GpusHaveTheirNames()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        PriceSelection p3 = await new PriceList(await cloud.SessionAsync()).OnDemandAsync(Ask("p3"));
        OnDemandPrice largest = p3.Prices[^1];
        Assert.Equal(("p3.16xlarge", 8, "NVIDIA V100", (double?)128), (largest.InstanceType, largest.GpuCount, largest.GpuName, largest.GpuMemoryGiB));

        await cloud.FaultAsync(new { kind = "deny", operation = "DescribeInstanceTypes" });
        OnDemandPrice unnamed = (await new PriceList(await cloud.SessionAsync()).OnDemandAsync(Ask("g4dn"))).Prices[0];
        Assert.Equal((1, (string?)null), (unnamed.GpuCount, unnamed.GpuName));
    }

    [Fact]
    public async Task AnOperatingSystemHasItsOwnPrices()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var list = new PriceList(await cloud.SessionAsync());

        decimal linux = (await list.OnDemandAsync(Ask("m5.large"))).Prices[0].UsdPerHour;
        OnDemandPrice windows = (await list.OnDemandAsync(Ask("m5.large") with { OperatingSystem = "windows" })).Prices[0];
        Assert.Equal("Windows", windows.OperatingSystem);
        Assert.Equal(linux + 0.092m, windows.UsdPerHour);

        PriceSelection arm = await list.OnDemandAsync(Ask("m6g") with { OperatingSystem = "Windows" });
        Assert.Equal("PriceNotFound", Assert.Single(arm.Problems).Id);
        Fe2Exception unknown = await Assert.ThrowsAsync<Fe2Exception>(() => list.OnDemandAsync(Ask("m5") with { OperatingSystem = "Plan 9" }));
        Assert.Equal("OperatingSystemUnknown", unknown.Id);
    }

    [Theory]
    [InlineData("us-east-1", 0.096)]
    [InlineData("eu-west-1", 0.1066)]
    [InlineData("ap-northeast-2", 0.1181)]
    public async Task ThePriceListRunsInAFewRegionsAndKnowsAll(string region, double usd)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        PriceSelection found = await new PriceList(await cloud.SessionAsync(region: region)).OnDemandAsync(Ask("m5.large"));
        Assert.Equal((decimal)usd, Assert.Single(found.Prices).UsdPerHour);
        Assert.Equal(region, found.Prices[0].Region);
    }

    [Theory]
    [InlineData("m55", "InstanceTypeNotFound", "like it: m5, m5a,")]
    [InlineData("m5.larg", "InstanceTypeNotFound", "m5.large")]
    [InlineData("gd4n", "InstanceTypeNotFound", "like it: g4dn")]
    [InlineData("m5/../../x", "InstanceTypePatternInvalid", "a family (m5)")]
    public async Task AnUnknownNameIsAnErrorWithNearNames(string pattern, string id, string near)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        PriceSelection found = await new PriceList(await cloud.SessionAsync()).OnDemandAsync(Ask(pattern, "t3.micro"));
        Assert.Equal(["t3.micro"], Types(found));
        Fe2Exception problem = Assert.Single(found.Problems);
        Assert.Equal((id, pattern), (problem.Id, problem.Target));
        Assert.Contains(near, problem.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisksSnapshotsAndAddressesHavePrices()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var list = new PriceList(await cloud.SessionAsync());

        StoragePrices prices = await list.StorageAsync();
        Assert.Equal(0.08m, prices.VolumeGiBMonth["gp3"]);
        Assert.Equal(["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"], prices.VolumeGiBMonth.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((0.05m, 0.005m, 0.005m, 0.04m), (prices.SnapshotGiBMonth, prices.AddressHour, prices.IdleAddressHour, prices.Gp3ThroughputMonth));
        Assert.Equal(8m, prices.VolumeMonth("gp3", 100, 3000, 125));
        Assert.Equal(8m + (1000 * 0.005m) + (125 * 0.04m), prices.VolumeMonth("gp3", 100, 4000, 250));
        Assert.Equal(12.5m + (500 * 0.065m), prices.VolumeMonth("io1", 100, 500));
        Assert.Equal(
            12.5m + (32_000 * 0.065m) + (32_000 * 0.0455m) + (6_000 * 0.03185m), prices.VolumeMonth("io2", 100, 70_000));
        Assert.Null(prices.VolumeMonth("gp9", 1));

        await cloud.ForgetCallsAsync();
        Assert.Equal(prices.IopsMonth, (await list.StorageAsync()).IopsMonth);
        Assert.Empty(await cloud.CallsAsync());
    }

    [Fact]
    public async Task ManyQuestionsAtOnceAreOneCall()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => new PriceList(session).OnDemandAsync(Ask("m5"))));
        Assert.Equal(["GetProducts"], await cloud.OperationsAsync());
        JsonNode kept = JsonNode.Parse(session.Folder.TryRead("cache", $"prices-{session.CacheScope}-linux-m5.json")!)!;
        Assert.Equal(8, kept["value"]!.AsArray().Count);
    }
}
