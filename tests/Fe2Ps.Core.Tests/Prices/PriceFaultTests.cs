using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Prices;

/// <summary>What becomes of a question for prices when AWS, the network or the disk do not play along.</summary>
public sealed partial class PriceFaultTests
{
    private static readonly PriceRequest M5 = new() { Patterns = ["m5"] };

    private sealed class Reports : IProgress<Fe2Report>
    {
        public ConcurrentQueue<Fe2Report> All { get; } = [];

        public IEnumerable<string> Warnings => All.OfType<WarningReport>().Select(w => w.Message);

        public void Report(Fe2Report value) => All.Enqueue(value);
    }

    private static string FileOf(Fe2Session session) => $"prices-{session.CacheScope}-linux-m5.json";

    /// <summary>Makes what is kept older.</summary>
    private static void Age(Fe2Session session, TimeSpan by)
    {
        string text = session.Folder.TryRead("cache", FileOf(session))!;
        session.Folder.Write(
            Times().Replace(text, m => $"\"at\":\"{(DateTimeOffset.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) - by).ToString("O", CultureInfo.InvariantCulture)}\""),
            "cache", FileOf(session));
    }

    [Fact]
    public async Task OldPricesAreAskedForAnewAndServeWhereAwsIsSilent()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var list = new PriceList(session);
        await list.OnDemandAsync(M5);
        Age(session, TimeSpan.FromDays(9.5));
        await cloud.FaultAsync(new { kind = "reset", operation = "GetProducts" });

        var reports = new Reports();
        PriceSelection old = await list.OnDemandAsync(M5, reports);
        Assert.Equal(8, old.Prices.Count);
        Assert.True(DateTimeOffset.UtcNow - old.Prices[0].AsOf > TimeSpan.FromDays(9));
        string warning = Assert.Single(reports.Warnings);
        Assert.Contains("cannot be reached", warning, StringComparison.Ordinal);
        Assert.Contains("9d 12h old", warning, StringComparison.Ordinal);

        await cloud.ClearFaultsAsync();
        Assert.True(DateTimeOffset.UtcNow - (await list.OnDemandAsync(M5)).Prices[0].AsOf < TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task PricesOfThisWeekNeedNobodyAndRefreshAsksAllTheSame()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var list = new PriceList(session);
        await list.OnDemandAsync(M5);
        Age(session, TimeSpan.FromDays(6));
        await cloud.ForgetCallsAsync();

        Assert.True(DateTimeOffset.UtcNow - (await list.OnDemandAsync(M5)).Prices[0].AsOf > TimeSpan.FromDays(5));
        Assert.Empty(await cloud.CallsAsync());
        Assert.True(DateTimeOffset.UtcNow - (await list.OnDemandAsync(M5 with { Refresh = true })).Prices[0].AsOf < TimeSpan.FromMinutes(5));
        Assert.Equal(["GetProducts"], await cloud.OperationsAsync());
    }

    [Fact]
    public async Task WithNothingKeptASilentAwsIsAnError()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "reset", operation = "GetProducts" });
        Fe2Session session = await cloud.SessionAsync();
        Fe2Exception failure = await Assert.ThrowsAsync<Fe2Exception>(() => new PriceList(session).OnDemandAsync(M5));
        Assert.Equal(("NoConnection", Fe2ErrorKind.Connection), (failure.Id, failure.Kind));
        Fe2Exception storage = await Assert.ThrowsAsync<Fe2Exception>(() => new PriceList(session).StorageAsync());
        Assert.Equal("NoConnection", storage.Id);
    }

    [Fact]
    public async Task WhoMayNotAskIsToldWhatIsMissing()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "deny", operation = "GetProducts" });
        Fe2Exception failure = await Assert.ThrowsAsync<Fe2Exception>(
            async () => await new PriceList(await cloud.SessionAsync()).OnDemandAsync(M5));
        Assert.Equal(("Unauthorized", Fe2ErrorKind.Security), (failure.Id, failure.Kind));
        Assert.Contains("pricing:GetProducts", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThrottlingIsWaitedOut()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind = "throttle", operation = "GetProducts", times = 3 });
        Assert.Equal(8, (await new PriceList(await cloud.SessionAsync()).OnDemandAsync(M5)).Prices.Count);
        Assert.Equal(4, (await cloud.CallsAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1, 2]")]
    [InlineData("""{"version":99,"at":"2026-01-01T00:00:00Z","value":[]}""")]
    [InlineData("""{"version":1,"at":"yesterday","value":[]}""")]
    [InlineData("""{"version":1,"at":"2999-01-01T00:00:00Z","value":[{"type":7}]}""")]
    public async Task AFileThatCannotBeReadIsMadeAnew(string text)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        session.Folder.Write(text, "cache", FileOf(session));
        Assert.Equal(8, (await new PriceList(session).OnDemandAsync(M5)).Prices.Count);
        Assert.Contains("m5.24xlarge", session.Folder.TryRead("cache", FileOf(session)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderThatCannotBeWrittenKeepsPricesInMemory()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string home = Path.Combine(cloud.Home, "full");
        Directory.CreateDirectory(Path.Combine(home, ".fe2ps"));
        // A file where the folder should be stops root too.
        File.WriteAllText(Path.Combine(home, ".fe2ps", "cache"), "");
        var list = new PriceList(await cloud.SessionAsync(home: home));
        Assert.Equal(8, (await list.OnDemandAsync(M5)).Prices.Count);
        await cloud.ForgetCallsAsync();
        Assert.Equal(8, (await list.OnDemandAsync(M5)).Prices.Count);
        Assert.Empty(await cloud.CallsAsync());
    }

    [Fact]
    public async Task AnotherProcesssFileIsSeen()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var list = new PriceList(session);
        await list.OnDemandAsync(M5);
        session.Folder.Write(session.Folder.TryRead("cache", FileOf(session))!.Replace("0.096", "0.0123", StringComparison.Ordinal), "cache", FileOf(session));
        Assert.Equal(0.0123m, (await list.OnDemandAsync(M5)).Prices.Single(p => p.InstanceType == "m5.large").UsdPerHour);
    }

    [GeneratedRegex("\"at\":\"([^\"]+)\"")]
    private static partial Regex Times();
}
