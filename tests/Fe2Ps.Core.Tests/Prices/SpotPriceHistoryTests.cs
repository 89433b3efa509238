using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Prices;

public sealed class SpotPriceHistoryTests
{
    [Fact]
    public async Task EveryZoneOfEveryTypeOfTheFamilyWithItsSaving()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();

        IReadOnlyList<SpotPriceSummary> prices = await new SpotPriceHistory(await cloud.SessionAsync()).ListAsync(new SpotPriceQuery(["m5"]));

        Assert.Equal(prices.Count, prices.Select(p => (p.InstanceType, p.Zone)).Distinct().Count());
        Assert.Equal(["us-east-2a", "us-east-2b", "us-east-2c"], prices.Where(p => p.InstanceType == "m5.large").Select(p => p.Zone));
        Assert.All(prices, p => Assert.StartsWith("m5.", p.InstanceType, StringComparison.Ordinal));
        Assert.All(prices, p => Assert.InRange(p.Mean, p.Lowest, p.Highest));
        Assert.All(prices, p => Assert.Equal(3, (p.To - p.From).TotalDays));
        Assert.All(prices, p => Assert.Equal(Math.Round(100 * (1 - (p.Mean / p.OnDemand!.Value)), 1), p.Saving!.Value));
        Assert.All(prices, p => Assert.Equal(72, p.Days().Sum(d => d.Hours), 1));
    }

    [Fact]
    public async Task EveryPageIsReadAndTheMeansAreThoseOfAllChanges()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { spotChangesADay = 24, spotTypes = new[] { "m5.large", "m5.xlarge" } });
        Fe2Session session = await cloud.SessionAsync();
        await cloud.ForgetCallsAsync();

        IReadOnlyList<SpotPriceSeries> all = await new SpotPriceHistory(session).ReadAsync(new SpotPriceQuery(["m5.large", "m5.xlarge"], Days: 90));

        Assert.InRange(all.Sum(s => s.Changes.Count), 12_000, 13_000);
        Assert.InRange((await cloud.OperationsAsync()).Count(o => o == "DescribeSpotPriceHistory"), 13, 16);
        SpotPriceSeries one = all[0];
        var plain = new List<SpotPriceChange>();
        var request = new DescribeSpotPriceHistoryRequest
        {
            InstanceTypes = [one.InstanceType],
            AvailabilityZone = one.Zone,
            StartTime = one.From.UtcDateTime,
            EndTime = one.To.UtcDateTime,
        };
        do
        {
            DescribeSpotPriceHistoryResponse page = await session.Ec2.DescribeSpotPriceHistoryAsync(request);
            plain.AddRange(page.SpotPriceHistory.Select(p => new SpotPriceChange(p.Timestamp!.Value, decimal.Parse(p.Price, CultureInfo.InvariantCulture))));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        Assert.Equal(new SpotPriceSeries(one.InstanceType, one.Zone, "Linux", one.From, one.To, plain).Changes, one.Changes);
    }

    [Theory]
    [InlineData("us-east-2b", "us-east-2b")]
    [InlineData("b", "us-east-2b")]
    [InlineData("2c", "us-east-2c")]
    [InlineData("*[ac]", "us-east-2a us-east-2c")]
    public async Task ZonesAreChosenByNamePatternOrLetter(string zone, string expected)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();

        IReadOnlyList<SpotPriceSeries> all = await new SpotPriceHistory(await cloud.SessionAsync()).ReadAsync(new SpotPriceQuery(["m5.large"], [zone], 1));

        Assert.Equal(expected.Split(' '), all.Select(s => s.Zone));
    }

    [Fact]
    public async Task WhatCannotBeAskedSaysWhatCan()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var history = new SpotPriceHistory(await cloud.SessionAsync());

        async Task<Fe2Exception> Refused(SpotPriceQuery query) => await Assert.ThrowsAsync<Fe2Exception>(() => history.ReadAsync(query));

        Assert.Equal("SpotPriceDaysInvalid", (await Refused(new(["m5"], Days: 0))).Id);
        Assert.Equal("SpotPriceDaysInvalid", (await Refused(new(["m5"], Days: 91))).Id);
        Assert.Equal("OperatingSystemInvalid", (await Refused(new(["m5"], OperatingSystem: "Plan9"))).Id);
        Assert.Equal("InstanceTypeNotFound", (await Refused(new(["m99"]))).Id);
        Assert.Contains("us-east-2a", (await Refused(new(["m5"], ["us-east-2z"]))).NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAPriceListTheHistoryIsWholeAndAWarningSaysWhy()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "deny", operation = "GetProducts", times = 100 });
        var reports = new Reports();

        IReadOnlyList<SpotPriceSummary> prices = await new SpotPriceHistory(await cloud.SessionAsync()).ListAsync(new SpotPriceQuery(["m5.large"]), reports);

        Assert.Equal(3, prices.Count);
        Assert.All(prices, p => Assert.True(p.OnDemand is null && p.Saving is null));
        Assert.Contains(reports.All, r => r is WarningReport { Message: var m } && m.Contains("on-demand", StringComparison.Ordinal));
    }

    private sealed class Reports : IProgress<Fe2Report>
    {
        public List<Fe2Report> All { get; } = [];

        public void Report(Fe2Report value) => All.Add(value);
    }
}
