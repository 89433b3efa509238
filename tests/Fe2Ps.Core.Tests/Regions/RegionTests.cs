using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Regions;

public sealed class RegionTests
{
    [Theory]
    [InlineData("us-east-2", "us-east-2")]
    [InlineData("US-EAST-2", "us-east-2")]
    [InlineData("Ohio", "us-east-2")]
    [InlineData("ohio", "us-east-2")]
    [InlineData("SEOUL", "ap-northeast-2")]
    [InlineData("US East (Ohio)", "us-east-2")]
    [InlineData("frank", "eu-central-1")]
    [InlineData("virginia", "us-east-1")]
    public void FriendlyNamesAreUnderstoodInAnyCase(string text, string code) => Assert.Equal(code, RegionCatalogue.Resolve(text));

    [Fact]
    public void WildcardsFitCodesAndNames()
    {
        Assert.All(RegionCatalogue.Search("EU-west-?"), r => Assert.StartsWith("eu-west-", r.Code, StringComparison.Ordinal));
        Assert.Equal(3, RegionCatalogue.Search("eu-west-?").Count);
        Assert.Equal("ap-northeast-2", Assert.Single(RegionCatalogue.Search("Seo*")).Code);
        Assert.Empty(RegionCatalogue.Search("mars*"));
    }

    [Fact]
    public void ANameOfSeveralListsThem()
    {
        Fe2Exception error = Assert.Throws<Fe2Exception>(() => RegionCatalogue.Resolve("Asia"));
        Assert.Equal("RegionAmbiguous", error.Id);
        Assert.Contains("ap-northeast-2 Asia Pacific (Seoul)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownCodeNamesItsNeighbours()
    {
        Fe2Exception error = Assert.Throws<Fe2Exception>(() => RegionCatalogue.Resolve("eu-mars-1"));
        Assert.Equal("RegionNotFound", error.Id);
        Assert.Contains("eu-west-1", error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheAccountsRegionsComeWithTheirNames()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var query = new RegionQuery(await cloud.SessionAsync());

        IReadOnlyList<RegionInfo> all = await query.ListAsync();

        Assert.True(all.Count >= 4);
        Assert.Contains(all, r => r is { Code: "us-east-2", LongName: "US East (Ohio)", IsCurrent: true, IsEnabled: true });
        Assert.Equal("us-east-2", Assert.Single(await query.ListAsync("ohio")).Code);
    }
}
