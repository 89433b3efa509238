using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Prices;

public sealed class PriceBookTests
{
    [Fact]
    public async Task SpotPricesAreOneAZoneAndBelowOnDemand()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        IReadOnlyList<SpotQuote> prices = await new SpotNow(session).ListAsync(["m5.large", "c5.large"]);

        Assert.Equal(["us-east-2a", "us-east-2b", "us-east-2c"], prices.Where(p => p.InstanceType == "m5.large").Select(p => p.Zone));
        Assert.All(prices, p => Assert.InRange(p.Usd, 0.001m, 0.096m));
        Assert.Equal(prices[1].Usd, new PriceBook(session).TryGetCached("m5.large", "us-east-2b"));
        // Types that are known already are not asked for again with others.
        await cloud.ForgetCallsAsync();
        await new SpotNow(session).ListAsync(["c5.large", "m5.large"]);
        Assert.Empty(await cloud.CallsAsync());
    }

    [Fact]
    public async Task AViewPaysNothingForAStoppedMachineAndAsksNobody()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var book = new PriceBook(session);
        await new PriceList(session).OnDemandAsync(new PriceRequest { Patterns = ["m5.large"] });
        await cloud.ForgetCallsAsync();
        Instance instance = new() { InstanceType = InstanceType.M5Large, State = new InstanceState { Name = InstanceStateName.Running } };

        Assert.Equal(0.096m, book.TryGetCached(instance));
        instance.State.Name = InstanceStateName.Stopped;
        Assert.Equal(0m, book.TryGetCached(instance));
        Assert.Empty(await cloud.CallsAsync());
    }

    [Fact]
    public async Task AComputerThatOnlyListsASpotMachineLearnsItsPrice()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session here = await cloud.SessionAsync();
        await new InstanceLauncher(here, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "cheap", InstanceType = "m5.large", Spot = true });
        Fe2Session elsewhere = await cloud.SessionAsync(home: Path.Combine(cloud.Home, "elsewhere"));

        Instance listed = Assert.Single((await new InstanceQuery(elsewhere).ListAsync(new InstanceSelector())).Instances);

        var book = new PriceBook(elsewhere);
        await Until.TrueAsync(() => book.TryGetCached(listed) is not null, "the spot price is known");
        Assert.InRange(book.TryGetCached(listed)!.Value, 0.001m, 0.096m);
        // What is known is not asked for again before it is old.
        await cloud.ForgetCallsAsync();
        await new InstanceQuery(elsewhere).ListAsync(new InstanceSelector());
        Assert.DoesNotContain("DescribeSpotPriceHistory", await cloud.OperationsAsync());
    }

    [Theory]
    [InlineData(30 * 24 * 60, false)]
    [InlineData(6 * 60 + 1, false)]
    [InlineData(5 * 60, true)]
    [InlineData(10, true)]
    [InlineData(-60, false)]
    public async Task ASpotPriceIsThePresentOneForSomeHoursOnly(int minutes, bool isShown)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        // A region of its own: views know the last session of each.
        decimal usd = (await new SpotNow(await cloud.SessionAsync(region: "ap-northeast-1")).ListAsync(["m5.large"])).Single(q => q.Zone == "ap-northeast-1a").Usd;
        Fe2Session now = await Fe2Session.OpenAsync(
            new SessionOptions("ap-northeast-1", null, cloud.EndpointUrl),
            TestCloud.Here("me", Path.Combine(cloud.Home, "me")) with { Clock = new Ahead(TimeSpan.FromMinutes(minutes)) });
        var book = new PriceBook(now);
        book.Notice([]);
        var instance = new Instance
        {
            InstanceType = InstanceType.M5Large,
            InstanceLifecycle = InstanceLifecycleType.Spot,
            Placement = new Placement { AvailabilityZone = "ap-northeast-1a" },
            State = new InstanceState { Name = InstanceStateName.Running },
        };

        decimal? expected = isShown ? usd : null;
        Assert.Equal(expected, PriceBook.TryGetKnown(instance));
        Assert.Equal(expected, book.TryGetCached(instance));
        Assert.Equal(expected, book.TryGetCached("m5.large", "ap-northeast-1a"));
    }

    /// <summary>A clock that goes ahead of the true one, or, below zero, behind it.</summary>
    private sealed class Ahead(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    [Fact]
    public void APriceInAnUnknownLayoutIsNoPrice()
    {
        Assert.Null(PriceProduct.Read("{}"));
        Assert.Null(PriceProduct.Read("[]"));
        Assert.Null(PriceProduct.Read("not json"));
        Assert.Null(PriceProduct.Read("""{"terms":{"OnDemand":{"a":{"priceDimensions":{"b":{"pricePerUnit":{"CNY":"0.7"}}}}}}}"""));
        Assert.Equal(0.0104m, PriceProduct.Read(
            """{"terms":{"OnDemand":{"a":{"priceDimensions":{"b":{"unit":"Hrs","pricePerUnit":{"USD":"0.0104000000"}}}}}}}""")?.Usd);
    }
}
