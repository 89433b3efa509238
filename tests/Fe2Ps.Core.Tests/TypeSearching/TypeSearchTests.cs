using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.TypeSearching;

namespace Fe2Ps.Core.Tests.TypeSearching;

public sealed class TypeSearchTests
{
    private static async Task<TypeSearchResult> FindAsync(TestCloud cloud, TypeSearchRequest request, string region = "us-east-2", IProgress<Fe2Report>? progress = null) =>
        await new TypeSearch(await SessionsAsync(cloud, region)).FindAsync(request, progress);

    private static Task<IReadOnlyList<Fe2Session>> SessionsAsync(TestCloud cloud, string region) => RegionSpread.OpenAsync(
        new SessionOptions(region, null, cloud.EndpointUrl), TestCloud.Here("me", Path.Combine(cloud.Home, "me")));

    [Fact]
    public async Task WhatFitsComesCheapestFirst()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        TypeSearchResult found = await FindAsync(cloud, new TypeSearchRequest { Cpu = 8, MemoryGiB = 32, First = 1000 });

        Assert.Empty(found.Problems);
        Assert.Equal("t4g.2xlarge", found.Offers[0].InstanceType);
        Assert.All(found.Offers, o => Assert.True(o.VCpu >= 8 && o.MemoryGiB >= 32, o.InstanceType));
        Assert.Equal(found.Offers.Select(o => o.UsdPerHour).Order(), found.Offers.Select(o => o.UsdPerHour));
        Assert.Equal(["us-east-2a", "us-east-2b", "us-east-2c"], found.Offers[0].Zones);
        Assert.Null(found.Offers[0].Zone);
        Assert.DoesNotContain(found.Offers, o => o.InstanceType.StartsWith("t2.", StringComparison.Ordinal));

        TypeSearchResult old = await FindAsync(cloud, new TypeSearchRequest { Cpu = 8, MemoryGiB = 32, First = 1000, PreviousGeneration = true });
        Assert.Contains(old.Offers, o => o.InstanceType == "t2.2xlarge");
        TypeSearchResult few = await FindAsync(cloud, new TypeSearchRequest { Cpu = 8, MemoryGiB = 32, Architecture = "x86_64", MaxPrice = 0.35m, First = 2 });
        Assert.Equal(["t3a.2xlarge", "t3.2xlarge"], few.Offers.Select(o => o.InstanceType));
    }

    [Fact]
    public async Task GpusAreFoundByNumberAndMemory()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        TypeOffer one = (await FindAsync(cloud, new TypeSearchRequest { Gpu = 1 })).Offers[0];
        Assert.Equal(("g4dn.xlarge", 1, "NVIDIA T4", (double?)16), (one.InstanceType, one.GpuCount, one.GpuName, one.GpuMemoryGiB));
        TypeOffer large = (await FindAsync(cloud, new TypeSearchRequest { GpuMemoryGiB = 20 })).Offers[0];
        Assert.Equal("g5.xlarge", large.InstanceType);
        Assert.Equal("p3.16xlarge", (await FindAsync(cloud, new TypeSearchRequest { Gpu = 8, PreviousGeneration = true })).Offers[0].InstanceType);
    }

    [Fact]
    public async Task SpotHasZoneSavingVolatilityAndScoreFromFewCalls()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        TypeSearchResult found = await FindAsync(cloud, new TypeSearchRequest { Cpu = 8, MemoryGiB = 32, Spot = true, First = 3 });

        Assert.Equal(3, found.Offers.Count);
        Assert.All(found.Offers, o =>
        {
            Assert.True(o.Spot);
            Assert.StartsWith("us-east-2", o.Zone, StringComparison.Ordinal);
            Assert.True(o.UsdPerHour < o.OnDemandUsdPerHour);
            Assert.InRange(o.SavingPercent!.Value, 20, 95);
            Assert.InRange(o.VolatilityPercent!.Value, 0.1, 50);
            Assert.InRange(o.PlacementScore!.Value, 1, 10);
        });
        IReadOnlyList<string> calls = await cloud.OperationsAsync();
        Assert.Single(calls, c => c == "GetSpotPlacementScores");
        Assert.Single(calls, c => c == "DescribeAvailabilityZones");

        // What is kept leaves the history of the three and the score.
        await cloud.ForgetCallsAsync();
        await FindAsync(cloud, new TypeSearchRequest { Cpu = 16, Spot = true, First = 3 });
        calls = await cloud.OperationsAsync();
        Assert.DoesNotContain("GetProducts", calls);
        Assert.DoesNotContain("DescribeInstanceTypes", calls);
        Assert.InRange(calls.Count, 2, 4);
    }

    [Fact]
    public async Task AnAccountThatMayAskNoMoreGetsEmptyColumns()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "error", operation = "GetSpotPlacementScores", status = 400, code = "MaxConfigLimitExceeded" });
        await cloud.FaultAsync(new { kind = "deny", operation = "GetProducts" });
        var said = new List<Fe2Report>();
        TypeSearchResult found = await FindAsync(cloud, new TypeSearchRequest { Cpu = 8, Spot = true, First = 2 }, progress: new Recorder(said));
        Assert.Empty(found.Problems);
        Assert.All(found.Offers, o => Assert.Equal((null, null, null), (o.PlacementScore, o.SavingPercent, o.OnDemandUsdPerHour)));
        Assert.All(found.Offers, o => Assert.NotNull(o.VolatilityPercent));
        Assert.Contains(said.OfType<VerboseReport>(), r => r.Message.StartsWith("The spot placement score", StringComparison.Ordinal));
        Assert.Empty(said.OfType<WarningReport>());
    }

    [Fact]
    public async Task EveryRegionIsSearchedAndOneThatFailsLeavesTheOthers()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        TypeSearchResult all = await FindAsync(cloud, new TypeSearchRequest { Cpu = 8, MemoryGiB = 32, Spot = true, First = 12 }, "*");
        Assert.Empty(all.Problems);
        Assert.True(all.Offers.Select(o => o.Region).Distinct().Count() > 1);
        Assert.Equal(all.Offers.Select(o => o.UsdPerHour).Order(), all.Offers.Select(o => o.UsdPerHour));
        Assert.All(all.Offers, o => Assert.StartsWith(o.Region, o.Zone, StringComparison.Ordinal));
        Assert.Single(await cloud.OperationsAsync(), c => c == "GetSpotPlacementScores");

        Assert.Equal(["us-east-1", "us-east-2", "us-west-1", "us-west-2"], (await SessionsAsync(cloud, "us-*")).Select(s => s.Region));
        Assert.Equal("ap-northeast-2", Assert.Single(await SessionsAsync(cloud, "Seoul")).Region);
        Assert.Equal("RegionNotFound", (await Assert.ThrowsAsync<Fe2Exception>(() => SessionsAsync(cloud, "moon-*"))).Id);
    }

    [Fact]
    public async Task ARegionThatDoesNotAnswerIsOneWarningAndNoneThatDoesIsAnError()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session[] dead = [await cloud.SessionAsync(region: "eu-west-1", endpoint: "http://127.0.0.1:9"), await cloud.SessionAsync(region: "eu-west-2", endpoint: "http://127.0.0.1:9")];
        var said = new List<Fe2Report>();
        var request = new TypeSearchRequest { Cpu = 8, MemoryGiB = 32 };

        TypeSearchResult found = await new TypeSearch([dead[0], await cloud.SessionAsync(), dead[1]]).FindAsync(request, new Recorder(said));

        Assert.Empty(found.Problems);
        Assert.NotEmpty(found.Offers);
        Assert.All(found.Offers, o => Assert.Equal("us-east-2", o.Region));
        string warning = Assert.Single(said.OfType<WarningReport>()).Message;
        Assert.Contains("eu-west-1: nothing is known of it", warning, StringComparison.Ordinal);
        Assert.Contains("eu-west-2: nothing is known of it", warning, StringComparison.Ordinal);

        TypeSearchResult none = await new TypeSearch(dead).FindAsync(request, new Recorder(said));
        Assert.Equal(["eu-west-1", "eu-west-2"], none.Problems.Select(p => $"{p.Target}"));
        Assert.Single(said.OfType<WarningReport>());
    }

    [Fact]
    public async Task OfflineWhatIsKeptOfTheRegionsStillComesWithOneWarning()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var request = new TypeSearchRequest { Cpu = 8, MemoryGiB = 32, First = 1000 };
        await FindAsync(cloud, request, "us-*");
        string endpoint = cloud.EndpointUrl;
        await cloud.Process.StopAsync();
        var said = new List<Fe2Report>();

        IReadOnlyList<Fe2Session> regions = await RegionSpread.OpenAsync(new SessionOptions("*", null, endpoint), TestCloud.Here("me", Path.Combine(cloud.Home, "me")));
        TypeSearchResult found = await new TypeSearch(regions).FindAsync(request, new Recorder(said));

        Assert.Equal(["us-east-1", "us-east-2", "us-west-1", "us-west-2"], found.Offers.Select(o => o.Region).Distinct().Order());
        Assert.Empty(found.Problems);
        Assert.Single(said.OfType<WarningReport>());
    }

    [Fact]
    public async Task NothingThatFitsIsSaid()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var said = new List<Fe2Report>();
        Assert.Empty((await FindAsync(cloud, new TypeSearchRequest { Cpu = 4000 }, progress: new Recorder(said))).Offers);
        Assert.Contains("-Region *", Assert.Single(said.OfType<WarningReport>()).Message, StringComparison.Ordinal);
    }

    private sealed class Recorder(List<Fe2Report> said) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value)
        {
            lock (said)
                said.Add(value);
        }
    }
}
