using System.Text.RegularExpressions;
using Fe2Ps.Core.Charts;
using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Tests.Charts;

public sealed partial class TerminalChartTests
{
    private static readonly ChartPanel Panel = ChartPanel.Of(MadePrices.Of("m5.large", 0.096m))[0];

    [Theory]
    [InlineData(40, 3)]
    [InlineData(60, 8)]
    [InlineData(80, 10)]
    [InlineData(96, 3)]
    [InlineData(120, 12)]
    [InlineData(200, 20)]
    public void NoLineIsWiderThanTheWindow(int width, int height)
    {
        foreach (bool unicode in new[] { true, false })
        {
            foreach (bool colour in new[] { true, false })
            {
                foreach (int days in new[] { 1, 3, 14, 90 })
                {
                    ChartPanel panel = ChartPanel.Of(MadePrices.Of("m5.24xlarge", 4.608m, days))[0];
                    IReadOnlyList<string> lines = TerminalChart.Draw(panel, new TerminalStyle(width, height, unicode, colour));

                    Assert.All(lines, l => Assert.InRange(Colours().Replace(l, "").Length, 0, width));
                    Assert.InRange(lines.Count, height + 3, height + 3 + panel.Lines.Count);
                }
            }
        }
    }

    [Fact]
    public void AsciiIsAsciiAndPlainHasNoColour()
    {
        IReadOnlyList<string> lines = TerminalChart.Draw(Panel, new TerminalStyle(100, 10, false, false));

        Assert.All(lines, l => Assert.All(l, c => Assert.InRange(c, ' ', '~')));
        Assert.All("*o+", sign => Assert.Contains(lines, l => l.Contains(sign, StringComparison.Ordinal)));
        Assert.DoesNotContain('\u001b', string.Concat(TerminalChart.Draw(Panel, new TerminalStyle(100, 10, true, false))));
    }

    [Fact]
    public void EachZoneHasAColourOfItsOwnAndTheLegendSaysWhich()
    {
        string[] lines = [.. TerminalChart.Draw(Panel, new TerminalStyle(120, 10, true, true))];

        foreach ((string zone, string colour) in new[] { ("us-east-2a", "36"), ("us-east-2b", "33"), ("us-east-2c", "35") })
        {
            Assert.Contains(lines, l => Regex.IsMatch(l, $"\u001b\\[{colour}m[⠀-⣿]+\u001b\\[0m {zone}  \\$0\\.\\d+ now"));
            Assert.True(lines.Count(l => l.Contains($"\u001b[{colour}m", StringComparison.Ordinal)) > 1);
        }
    }

    [Fact]
    public void TitleAxesAndLegendSayWhatThereIsToSee()
    {
        string text = string.Join('\n', TerminalChart.Draw(Panel, new TerminalStyle(110, 10, true, false)));

        Assert.Contains("m5.large   on demand $0.0960 an hour, spot saves", text, StringComparison.Ordinal);
        Assert.Matches(@"\$0\.03\d* ┤", text);
        Assert.All(["Mar 28", "Mar 29", "Mar 30", "UTC"], word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.Contains($"us-east-2c  ${Panel.Lines[2].Now:0.0000} now", text, StringComparison.Ordinal);
    }

    [Fact]
    public void APeakOfAMinuteIsSeenInNinetyDays()
    {
        DateTimeOffset noon = MadePrices.Start.AddDays(44);
        SpotPriceSummary price = MadePrices.One("m5.large", "us-east-2a", null, 90, [new(MadePrices.Start, 0.03m), new(noon, 0.09m), new(noon.AddMinutes(1), 0.03m)]);

        IReadOnlyList<string> lines = TerminalChart.Draw(ChartPanel.Of([price])[0], new TerminalStyle(80, 10, false, false));

        Assert.Equal("m5.large", lines[0]);
        Assert.Contains('*', lines[1]);
        Assert.InRange(lines[1].IndexOf('*', StringComparison.Ordinal), 38, 50);
    }

    [Fact]
    public void APriceThatStandsStillIsALevelLine()
    {
        SpotPriceSummary price = MadePrices.One("m5.large", "us-east-2a", 0.096m, 3, [new(MadePrices.Start, 0.03m)]);

        string[] drawn = [.. TerminalChart.Draw(ChartPanel.Of([price])[0], new TerminalStyle(80, 9, false, false)).Skip(1).Take(9).Where(l => l.Contains('*', StringComparison.Ordinal))];

        Assert.Matches(@"[|+]\*{60,}$", Assert.Single(drawn));
    }

    [Fact]
    public void TypesAreChartsOfTheirOwn() =>
        Assert.Equal(["p3.2xlarge", "p3.8xlarge"], ChartPanel.Of([.. MadePrices.Of("p3.2xlarge", 3.06m), .. MadePrices.Of("p3.8xlarge", 12.24m)]).Select(p => p.Title));

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Colours();
}
