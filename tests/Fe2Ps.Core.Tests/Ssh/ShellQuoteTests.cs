using System.Diagnostics;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

public sealed class ShellQuoteTests
{
    public static TheoryData<string> Texts => new()
    {
        "", "plain", "two words", "it's", "\"double\"", "'", "''", "\\", "\\'", "$HOME `id` $(id)", "a\nb\n", "\ttab", "-rf", "*?[a]{b,c}~!#&|;<>()",
        "한국어 텍스트", "👩‍🔬", "trailing ", "\r\n", "=x", "~", "a'b\"c$d`e\\f\ng 한",
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void EveryShellGivesBackWhatWasQuoted(string text)
    {
        foreach (var shell in new[] { "sh", "bash" })
        {
            using var process = Process.Start(new ProcessStartInfo(shell, ["-c", "printf %s " + ShellQuote.Quote(text)]) { RedirectStandardOutput = true })!;
            Assert.Equal(text, process.StandardOutput.ReadToEnd());
        }
    }

    [Fact]
    public void ANulIsRefusedBecauseNoCommandLineCarriesIt()
    {
        var error = Assert.Throws<Fe2Exception>(() => ShellQuote.Quote("a\0b"));
        Assert.Equal("TextHasNul", error.Id);
    }

    [Fact]
    public void PlainWordsStayReadable() => Assert.Equal("ls -l ~x 'a b'".Replace("~x", "'~x'"), ShellQuote.Join("ls", "-l", "~x", "a b"));
}
