using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fe2Ps.Core.Charts;
using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Tests.Charts;

public sealed class SpotPricePageTests
{
    private static readonly IReadOnlyList<SpotPriceSummary> Prices = [.. MadePrices.Of("m5.large", 0.096m), .. MadePrices.Of("m5.2xlarge", 0.384m)];

    [Fact]
    public void ThePageNeedsNothingElseAndCarriesTheLicenceOfWhatIsInIt()
    {
        string page = SpotPricePage.Write(Prices, MadePrices.Start.AddDays(3));

        Assert.Contains("Copyright (c) 2022 Leon Sorokin", page, StringComparison.Ordinal);
        Assert.Contains("Permission is hereby granted, free of charge", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(src|href)=""(?!data:)", page);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.InRange(page.Length, 50_000, 150_000);
    }

    [Fact]
    public void WhatComesFromOutsideCannotBecomeMarkup()
    {
        string page = SpotPricePage.Write([MadePrices.One("m5<b>", "zone</script><script>alert(1)", 1, 3, [new(MadePrices.Start, 0.3m)])], MadePrices.Start);

        Assert.DoesNotContain("m5<b>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
    }

    [ChromiumTheory]
    [InlineData(1280, 900, "light")]
    [InlineData(1280, 900, "dark")]
    [InlineData(390, 844, "light")]
    [InlineData(390, 844, "dark")]
    public async Task ABrowserDrawsItShowsAValueWhereThePointerIsAndAsksNobody(int width, int height, string scheme)
    {
        string path = Path.Combine(Path.GetTempPath(), $"fe2-page-{Guid.NewGuid():n}.html");
        await File.WriteAllTextAsync(path, SpotPricePage.Write(Prices, MadePrices.Start.AddDays(3)));
        await using Chromium browser = await Chromium.StartAsync();
        try
        {
            await browser.CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = false });
            await browser.CallAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = scheme } } });
            await browser.OpenAsync(new Uri(path).AbsoluteUri);
            // Beyond a frame after the load, everything is drawn.
            await browser.ValueAsync("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");

            byte[] png = await browser.ScreenshotAsync();
            Keep(png, $"page-{width}-{scheme}.png");
            var picture = new Picture(png);
            Assert.Equal((width, height), (picture.Width, picture.Height));
            for (int line = 0; line < 3; line++)
                Assert.InRange(picture.Count(Rgb((await browser.ValueAsync($"getComputedStyle(document.documentElement).getPropertyValue('--line-{line}').trim()"))!.GetValue<string>())), 150, 20_000);
            Assert.Equal(scheme == "dark", picture.Count((0x1b, 0x21, 0x29)) > picture.Count((255, 255, 255)));
            Assert.True((await browser.ValueAsync("document.documentElement.scrollWidth <= innerWidth"))!.GetValue<bool>(), "the page is wider than the window");

            await HoverAsync(browser);
            Keep(await browser.ScreenshotAsync(), $"page-{width}-{scheme}-hover.png");
            await browser.ValueAsync("document.querySelector('tbody button').click(); document.querySelector('input').click(); true");
            Assert.Equal("off", (await browser.ValueAsync("document.querySelector('tbody tr').className"))!.GetValue<string>());

            string[] requests = [.. browser.Events.Where(e => e.Method == "Network.requestWillBeSent").Select(e => e.Data["request"]!["url"]!.GetValue<string>())];
            Assert.Contains(requests, r => r.StartsWith("file:", StringComparison.Ordinal));
            Assert.All(requests, r => Assert.Matches("^(file|data):", r));
            Assert.Empty(browser.Events.Where(IsProblem).Select(e => e.Data.ToJsonString()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Points into the middle of the first chart; what is shown must be what held at the time that is shown.</summary>
    private static async Task HoverAsync(Chromium browser)
    {
        JsonNode box = (await browser.ValueAsync("(() => { const b = document.querySelector('.u-over').getBoundingClientRect(); return { x: b.x + b.width * .4, y: b.y + b.height / 2 }; })()"))!;
        await browser.CallAsync("Input.dispatchMouseEvent", new { type = "mouseMoved", x = box["x"]!.GetValue<double>(), y = box["y"]!.GetValue<double>() });
        await Until.TrueAsync(async () => (await browser.ValueAsync("!document.querySelector('.tip').hidden"))!.GetValue<bool>(), "the value shows at the pointer");
        string shown = (await browser.ValueAsync("document.querySelector('.tip').innerText"))!.GetValue<string>();
        DateTimeOffset time = DateTimeOffset.ParseExact(
            Regex.Match(shown, @"\d{4}-\d\d-\d\d \d\d:\d\d").Value, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        foreach (SpotPriceSummary price in Prices.Take(3))
        {
            decimal usd = decimal.Parse(Regex.Match(shown, price.Zone + @"\s+\$(\d\.\d{4})").Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.Contains(usd, new[] { price.Series().At(time)!.Value, price.Series().At(time.AddSeconds(59))!.Value });
        }
    }

    private static bool IsProblem((string Method, JsonNode Data) told) => told.Method switch
    {
        "Runtime.exceptionThrown" => true,
        "Runtime.consoleAPICalled" => told.Data["type"]!.GetValue<string>() is "error" or "warning" or "assert",
        "Log.entryAdded" => told.Data["entry"]!["level"]!.GetValue<string>() is "error" or "warning",
        "Network.loadingFailed" => true,
        _ => false,
    };

    private static (int, int, int) Rgb(string hex) => (Convert.ToInt32(hex[1..3], 16), Convert.ToInt32(hex[3..5], 16), Convert.ToInt32(hex[5..7], 16));

    /// <summary>FE2_SCREENSHOTS names a folder for those who want to see with their own eyes.</summary>
    private static void Keep(byte[] png, string name)
    {
        if (Environment.GetEnvironmentVariable("FE2_SCREENSHOTS") is { Length: > 0 } folder)
            File.WriteAllBytes(Path.Combine(folder, name), png);
    }
}
