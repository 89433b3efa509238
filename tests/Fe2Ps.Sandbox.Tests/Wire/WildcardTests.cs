using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Tests.Wire;

public sealed class WildcardTests
{
    [Theory]
    [InlineData("job-*", "job-1", true)]
    [InlineData("job-*", "job-", true)]
    [InlineData("job-?", "job-12", false)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("*a*b", "ab ab", true)]
    [InlineData("a\\*", "a*", true)]
    [InlineData("a\\*", "ab", false)]
    [InlineData("a\\?", "a?", true)]
    [InlineData("A", "a", false)]
    [InlineData("", "", true)]
    [InlineData("*", "", true)]
    [InlineData("", "a", false)]
    [InlineData("한*", "한국어", true)]
    public void Matches_as_EC2_does(string pattern, string text, bool expected) => Assert.Equal(expected, Wildcard.IsMatch(pattern, text));
}
