using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Prices;

public sealed class InstanceTypePatternTests
{
    private static readonly string[] Types =
    [
        "m5.large", "m5.xlarge", "m5.2xlarge", "m5.10xlarge", "m5a.large", "m5dn.large", "m50.large", "p3.2xlarge", "p3dn.24xlarge", "u-6tb1.metal", "t3.micro",
    ];

    [Theory]
    [InlineData("m5", "m5.2xlarge m5.10xlarge m5.large m5.xlarge")]
    [InlineData("M5", "m5.2xlarge m5.10xlarge m5.large m5.xlarge")]
    [InlineData("m5.large", "m5.large")]
    [InlineData("m5.*", "m5.2xlarge m5.10xlarge m5.large m5.xlarge")]
    [InlineData("m5?", "m5a.large m50.large")]
    [InlineData("p*", "p3.2xlarge p3dn.24xlarge")]
    [InlineData("*.large", "m5.large m5a.large m5dn.large m50.large")]
    [InlineData("m5*.large", "m5.large m5a.large m5dn.large m50.large")]
    [InlineData("u-6tb1", "u-6tb1.metal")]
    [InlineData("*.?xlarge", "m5.2xlarge p3.2xlarge")]
    public void AFamilyIsAWholeWord(string pattern, string expected)
    {
        IReadOnlyList<string> found = InstanceTypePattern.Select(Types, [pattern], "here");

        Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        Assert.All(found, type => Assert.True(PassesEc2(new InstanceTypePattern(pattern).Filter, type)));
    }

    [Fact]
    public void SeveralPatternsMeanEachTypeOnce() =>
        Assert.Equal(["m5a.large", "t3.micro"], InstanceTypePattern.Select(Types, ["m5a", "t3.micro", "m5a.large"], "here"));

    [Fact]
    public void AMissSaysWhatIsNear()
    {
        Assert.Contains("m5.large", Assert.Throws<Fe2Exception>(() => InstanceTypePattern.Select(Types, ["m5.huge"], "us-east-2")).NextStep, StringComparison.Ordinal);
        Fe2Exception miss = Assert.Throws<Fe2Exception>(() => InstanceTypePattern.Select(Types, ["m5a", "p9"], "us-east-2"));
        Assert.Equal("InstanceTypeNotFound", miss.Id);
        Assert.Equal("p9", miss.Target);
        Assert.Contains("p3dn", miss.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("m5,p3")]
    [InlineData("m5;reboot")]
    public void WhatNoTypeCanBeCalledIsRefused(string text) =>
        Assert.Equal("InstanceTypePatternInvalid", Assert.Throws<Fe2Exception>(() => new InstanceTypePattern(text)).Id);

    [Fact]
    public async Task TheRegionsOwnTypesAreAskedForByFamily()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        IReadOnlyList<string> types = await InstanceTypePattern.ResolveAsync(session, ["m5"]);
        Fe2Exception miss = await Assert.ThrowsAsync<Fe2Exception>(() => InstanceTypePattern.ResolveAsync(session, ["m5", "m99"]));

        Assert.Contains("m5.large", types);
        Assert.All(types, t => Assert.StartsWith("m5.", t, StringComparison.Ordinal));
        Assert.Equal("m99", miss.Target);
        Assert.Contains("m5a", miss.NextStep, StringComparison.Ordinal);
    }

    private static bool PassesEc2(string filter, string type) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(filter, type);
}
