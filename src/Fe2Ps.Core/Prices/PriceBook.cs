using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.EC2.Model;
using Amazon.Pricing.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using PriceFilter = Amazon.Pricing.Model.Filter;

namespace Fe2Ps.Core.Prices;

/// <summary>A price for one hour.</summary>
/// <param name="InstanceType">The type.</param>
/// <param name="Usd">USD an hour, Linux, shared tenancy, without disk and traffic.</param>
/// <param name="At">When AWS said so.</param>
/// <param name="Zone">The zone of a spot price; null for on-demand.</param>
public sealed record HourlyPrice(string InstanceType, decimal Usd, DateTimeOffset At, string? Zone = null);

/// <summary>Prices of instance types in the session's region, kept in the Fe2 folder so that views need no network.</summary>
public sealed class PriceBook(Fe2Session session)
{
    private static readonly TimeSpan OnDemandAge = TimeSpan.FromDays(7);
    private static readonly TimeSpan SpotAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan WarmLimit = TimeSpan.FromSeconds(20);
    private const int MostNoticed = 8;
    private static readonly ConcurrentDictionary<string, PriceFile> Files = new();
    private static readonly ConcurrentDictionary<string, PriceFile> ByRegion = new();

    private PriceFile File => Files.GetOrAdd(
        $"{session.Folder.Path}|{session.CacheScope}", _ => new PriceFile(session.Folder, $"prices-{session.CacheScope}.json"));

    /// <summary>What one hour of an instance costs while it runs, if that is known without asking; 0 for one that is stopped.</summary>
    public decimal? TryGetCached(Instance instance)
    {
        if (InstanceFacts.StateOf(instance) is not ("running" or "pending"))
            return 0;
        string? type = instance.InstanceType?.Value;
        return type is null ? null : TryGetCached(type, InstanceFacts.IsSpot(instance) ? instance.Placement?.AvailabilityZone : null);
    }

    /// <summary>A kept price, or null. A zone asks for its spot price, null for the on-demand one.</summary>
    public decimal? TryGetCached(string type, string? spotZone = null) => File.Find(Key(type, spotZone))?.Usd;

    /// <summary>
    /// For views, which have no session: the price of an instance in the region of its own zone, if this process knows it.
    /// </summary>
    public static decimal? TryGetKnown(Instance instance)
    {
        string? zone = instance.Placement?.AvailabilityZone;
        if (zone is null || instance.InstanceType is null || !ByRegion.TryGetValue(zone.TrimEnd("abcdefghijklmnopqrstuvwxyz".ToCharArray()), out PriceFile? file))
            return null;
        if (InstanceFacts.StateOf(instance) is not ("running" or "pending"))
            return 0;
        return file.Find(Key(instance.InstanceType.Value, InstanceFacts.IsSpot(instance) ? zone : null))?.Usd;
    }

    /// <summary>The on-demand prices of types; those that AWS does not sell here are left out. Asks only for what is older than a week.</summary>
    public Task<IReadOnlyList<HourlyPrice>> OnDemandAsync(IReadOnlyList<string> types, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<HourlyPrice>>("look up prices", string.Join(", ", types), async () =>
        {
            var prices = new ConcurrentDictionary<string, HourlyPrice>();
            await Parallel.ForEachAsync(
                types.Distinct(StringComparer.Ordinal),
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
                async (type, token) =>
                {
                    if (File.Find(Key(type, null), session.Clock.GetUtcNow() - OnDemandAge) is { } kept)
                    {
                        prices[type] = kept;
                    }
                    else if (await AskAsync(type, token).ConfigureAwait(false) is { } usd)
                    {
                        prices[type] = new HourlyPrice(type, usd, session.Clock.GetUtcNow());
                        File.Put(Key(type, null), prices[type]);
                    }
                }).ConfigureAwait(false);
            return [.. types.Distinct(StringComparer.Ordinal).Select(t => prices.GetValueOrDefault(t)).OfType<HourlyPrice>()];
        });

    /// <summary>The spot price of a type in each zone now. Asks only for what is older than an hour.</summary>
    public Task<IReadOnlyList<HourlyPrice>> SpotAsync(string type, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<HourlyPrice>>("look up spot prices", type, async () =>
        {
            DateTimeOffset now = session.Clock.GetUtcNow();
            IReadOnlyList<HourlyPrice> kept = File.FindZones(type, now - SpotAge);
            if (kept.Count > 0)
                return kept;
            var newest = new Dictionary<string, SpotPrice>(StringComparer.Ordinal);
            var request = new DescribeSpotPriceHistoryRequest
            {
                InstanceTypes = [type],
                ProductDescriptions = ["Linux/UNIX"],
                // From now on: EC2 answers with the price in force in each zone.
                StartTime = now.UtcDateTime,
            };
            do
            {
                DescribeSpotPriceHistoryResponse page = await session.Ec2.DescribeSpotPriceHistoryAsync(request, cancellationToken).ConfigureAwait(false);
                foreach (SpotPrice price in page.SpotPriceHistory)
                {
                    if (!newest.TryGetValue(price.AvailabilityZone, out SpotPrice? before) || before.Timestamp < price.Timestamp)
                        newest[price.AvailabilityZone] = price;
                }

                request.NextToken = page.NextToken;
            }
            while (!string.IsNullOrEmpty(request.NextToken));
            List<HourlyPrice> found = [.. newest.Values.OrderBy(p => p.AvailabilityZone, StringComparer.Ordinal)
                .Select(p => new HourlyPrice(type, decimal.Parse(p.Price, CultureInfo.InvariantCulture), now, p.AvailabilityZone))];
            foreach (HourlyPrice price in found)
                File.Put(Key(type, price.Zone), price);
            return found;
        });

    /// <summary>The spot price of a type by zone.</summary>
    public async Task<IReadOnlyDictionary<string, decimal>> SpotByZoneAsync(string type, CancellationToken cancellationToken = default) =>
        (await SpotAsync(type, cancellationToken).ConfigureAwait(false)).ToDictionary(p => p.Zone!, p => p.Usd);

    /// <summary>Learns the prices of types behind the back of other work, for views; failures do not matter.</summary>
    public void Warm(params string[] types) => Behind(token => OnDemandAsync(types, token));

    private static void Behind(Func<CancellationToken, Task> learn) => _ = Task.Run(async () =>
    {
        try
        {
            using var limit = new CancellationTokenSource(WarmLimit);
            await learn(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException or IOException)
        {
            // A view without a price is still a view.
        }
    });

    /// <summary>
    /// Told of every list that goes by: this session's prices become the ones that views show for its region, and types whose
    /// price is not known, or old, are asked for behind, for the next view. A long list of types is left to those who ask for prices.
    /// </summary>
    internal void Notice(IReadOnlyCollection<Instance> instances)
    {
        ByRegion[session.Region] = File;
        DateTimeOffset now = session.Clock.GetUtcNow();
        string[] unknown = [.. Types(instances.Where(i => !InstanceFacts.IsSpot(i) && File.Find(Key(TypeOf(i), null), now - OnDemandAge) is null))];
        if (unknown.Length is > 0 and <= MostNoticed)
            Warm(unknown);
        // Spot prices change; what a machine that stands still would cost interests nobody.
        string[] spot = [.. Types(instances.Where(i => InstanceFacts.IsSpot(i) && InstanceFacts.StateOf(i) is "running" or "pending"
            && i.Placement?.AvailabilityZone is { } zone && File.Find(Key(TypeOf(i), zone), now - SpotAge) is null))];
        if (spot.Length is > 0 and <= MostNoticed)
            Behind(token => Task.WhenAll(spot.Select(type => SpotAsync(type, token))));
    }

    private static string TypeOf(Instance instance) => instance.InstanceType?.Value ?? "";

    private static IEnumerable<string> Types(IEnumerable<Instance> instances) =>
        instances.Select(TypeOf).Where(t => t.Length > 0).Distinct(StringComparer.Ordinal).Take(MostNoticed + 1);

    private static string Key(string type, string? zone) => zone is null ? type : $"{type}@{zone}";

    private async Task<decimal?> AskAsync(string type, CancellationToken cancellationToken)
    {
        GetProductsResponse answer = await session.Pricing.GetProductsAsync(
            new GetProductsRequest
            {
                ServiceCode = "AmazonEC2",
                FormatVersion = "aws_v1",
                Filters =
                [
                    Term("regionCode", session.Region), Term("instanceType", type), Term("operatingSystem", "Linux"),
                    Term("preInstalledSw", "NA"), Term("tenancy", "Shared"), Term("capacitystatus", "Used"),
                ],
            },
            cancellationToken).ConfigureAwait(false);
        return answer.PriceList.Select(UsdOf).Where(p => p > 0).Min();
    }

    /// <summary>The on-demand price in a product of the price list. Layout: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-an-offer.html</summary>
    internal static decimal? UsdOf(string product)
    {
        try
        {
            foreach ((_, JsonNode? offer) in JsonNode.Parse(product)?["terms"]?["OnDemand"]?.AsObject() ?? [])
            {
                foreach ((_, JsonNode? dimension) in offer?["priceDimensions"]?.AsObject() ?? [])
                {
                    if (dimension?["pricePerUnit"]?["USD"]?.GetValue<string>() is { } usd
                        && decimal.TryParse(usd, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal price))
                        return price;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A product in another layout has no price that could be read.
        }

        return null;
    }

    private static PriceFilter Term(string field, string value) => new() { Type = "TERM_MATCH", Field = field, Value = value };
}
