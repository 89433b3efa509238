using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Bench;

/// <summary>The prices of a family: asked for by a whole process, found in the cache by a session that runs, and asked for with the AWS CLI.</summary>
internal static class FamilyPrice
{
    private const string Family = "m5";
    private const int Sizes = 8;
    private const int Runs = 5;
    private const int CachedRuns = 51;
    private const string Cold = "price of all m5 types, cold, whole process (against aws pricing get-products and filtering)";
    private const string Cached = "price of all m5 types, from the cache on disk, in a session that runs (against aws pricing get-products and filtering)";

    public static Measurement Measurement { get; } = new([Cold, Cached], TakeAsync);

    /// <summary>The small driver: one line a type.</summary>
    public static async Task DriveAsync(TextWriter output)
    {
        var session = await Fe2Session.OpenAsync().ConfigureAwait(false);
        foreach (var price in (await new PriceList(session).OnDemandAsync(new PriceRequest { Patterns = [Family] }).ConfigureAwait(false)).Prices)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{price.InstanceType}\t{price.VCpu}\t{price.MemoryGiB}\t{price.UsdPerHour}"));
    }

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        await using var cloud = await ground.ApiAsync(cancel).ConfigureAwait(false);
        var aws = cloud.AwsOf(
            "pricing", "us-east-1",
            [
                "get-products", "--service-code", "AmazonEC2", "--filters",
                .. new (string Field, string Value)[]
                {
                    ("regionCode", cloud.Session.Region), ("operatingSystem", "Linux"), ("preInstalledSw", "NA"), ("tenancy", "Shared"), ("capacitystatus", "Used"),
                }.Select(filter => $"Type=TERM_MATCH,Field={filter.Field},Value={filter.Value}"),
            ]);
        string[] driver = ground.Driver("price");
        var (ours, theirs, cached) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run <= Runs; run++)
        {
            // Each with a folder of its own: nothing is kept there.
            var fresh = new WholeProcess(new Dictionary<string, string>(cloud.Environment) { ["FE2_HOME"] = Path.Combine(ground.Folder, $"cold-{run}") });
            var mine = await fresh.OneAsync(driver, cancel).ConfigureAwait(false);
            Check(mine.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            var clock = Stopwatch.StartNew();
            var other = await fresh.OneAsync(aws, cancel).ConfigureAwait(false);
            Check(Filtered(other.Output));
            if (run == 0) continue;
            ours.Add(mine.Seconds);
            theirs.Add(clock.Elapsed.TotalSeconds);
        }

        var list = new PriceList(cloud.Session);
        await list.OnDemandAsync(new PriceRequest { Patterns = [Family] }, cancellationToken: cancel).ConfigureAwait(false);
        var kept = Directory.GetFiles(cloud.Session.Folder.PathOf("cache"), $"*-linux-{Family}.json").Single();
        for (var run = 0; run < CachedRuns; run++)
        {
            // A file that somebody has touched is read again.
            File.SetLastWriteTimeUtc(kept, DateTime.UtcNow.AddMinutes(-run));
            var clock = Stopwatch.StartNew();
            var found = await list.OnDemandAsync(new PriceRequest { Patterns = [Family] }, cancellationToken: cancel).ConfigureAwait(false);
            cached.Add(clock.Elapsed.TotalSeconds);
            Check(found.Prices.Count);
        }

        var peer = new Sample(theirs).Median;
        table.Ratio(Cold, new Sample(ours).Median, peer, "s", 0.5);
        table.Ratio(Cached, new Sample(cached).Median, peer, "s", 0.02);
    }

    /// <summary>What a careful user's jq would do: the types of the family with their prices.</summary>
    private static int Filtered(string output)
    {
        using var answer = JsonDocument.Parse(output);
        var prices = new Dictionary<string, decimal>();
        foreach (var text in answer.RootElement.GetProperty("PriceList").EnumerateArray())
        {
            using var product = JsonDocument.Parse(text.GetString()!);
            var type = product.RootElement.GetProperty("product").GetProperty("attributes").GetProperty("instanceType").GetString()!;
            if (!type.StartsWith(Family + ".", StringComparison.Ordinal)) continue;
            var rates = product.RootElement.GetProperty("terms").GetProperty("OnDemand").EnumerateObject().First().Value.GetProperty("priceDimensions");
            prices[type] = decimal.Parse(rates.EnumerateObject().First().Value.GetProperty("pricePerUnit").GetProperty("USD").GetString()!, CultureInfo.InvariantCulture);
        }

        return prices.Count;
    }

    private static void Check(int found)
    {
        if (found != Sizes) throw new InvalidOperationException($"{found} types of {Family} were priced instead of {Sizes}");
    }
}
