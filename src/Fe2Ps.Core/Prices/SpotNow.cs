using System.Globalization;
using System.Text.Json;
using Amazon.EC2.Model;
using Fe2Ps.Core.Caches;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>The spot price of a type in a zone.</summary>
/// <param name="InstanceType">The type.</param>
/// <param name="Zone">The zone's name.</param>
/// <param name="Usd">USD an hour, Linux, without disk and traffic.</param>
/// <param name="At">When AWS said so.</param>
public sealed record SpotQuote(string InstanceType, string Zone, decimal Usd, DateTimeOffset At);

/// <summary>Spot prices as they are now, kept for an hour in the Fe2 folder.</summary>
public sealed class SpotNow(Fe2Session session)
{
    internal static readonly TimeSpan Freshness = TimeSpan.FromHours(1);

    /// <summary>How many types one question names; hundreds would make it longer than some proxies take.</summary>
    private const int TypesAtOnce = 100;

    /// <summary>The price of types in each zone that sells them, by type and zone. Asks, once for all, only for what is older than an hour.</summary>
    public Task<IReadOnlyList<SpotQuote>> ListAsync(IReadOnlyList<string> types, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<SpotQuote>>("look up spot prices", string.Join(", ", types), async () =>
        {
            PriceCurrency.Check(session);
            DateTimeOffset now = session.Clock.GetUtcNow();
            ILookup<string, SpotQuote> kept = Fresh(now);
            string[] unknown = [.. types.Where(t => !kept.Contains(t)).Distinct(StringComparer.Ordinal)];
            if (unknown.Length > 0)
            {
                IReadOnlyList<SpotQuote>[] asked = await Task.WhenAll(
                    unknown.Chunk(TypesAtOnce).Select(some => AskAsync(some, now, cancellationToken))).ConfigureAwait(false);
                // Read again: another process may have learnt other types meanwhile. What both lose now and then is asked for anew.
                List<SpotQuote> all = [.. Fresh(now).Where(g => !unknown.Contains(g.Key)).SelectMany(g => g), .. asked.SelectMany(a => a)];
                DiskCache.Put(session.Folder, Name(session.CacheScope), now, all, Write);
                kept = all.ToLookup(q => q.InstanceType, StringComparer.Ordinal);
            }

            return [.. types.Distinct(StringComparer.Ordinal).SelectMany(t => kept[t].OrderBy(q => q.Zone, StringComparer.Ordinal))];
        });

    /// <summary>The price of one type by zone.</summary>
    public async Task<IReadOnlyDictionary<string, decimal>> ByZoneAsync(string type, CancellationToken cancellationToken = default) =>
        (await ListAsync([type], cancellationToken).ConfigureAwait(false)).ToDictionary(q => q.Zone, q => q.Usd, StringComparer.Ordinal);

    /// <summary>A kept price that is not older than this, or null.</summary>
    internal SpotQuote? TryGetCached(string type, string zone, TimeSpan age) =>
        TryGetCached(session.Folder, session.CacheScope, type, zone, session.Clock.GetUtcNow(), age);

    internal static SpotQuote? TryGetCached(Fe2Home folder, string scope, string type, string zone, DateTimeOffset now, TimeSpan age) =>
        DiskCache.Find(folder, Name(scope), Read)?.Value.Find(q => q.InstanceType == type && q.Zone == zone && IsFresh(q, age, now));

    private static string Name(string scope) => $"spot-{scope}";

    /// <summary>One from the future was kept under a wrong clock.</summary>
    private static bool IsFresh(SpotQuote quote, TimeSpan age, DateTimeOffset now) => quote.At <= now && now - quote.At <= age;

    private ILookup<string, SpotQuote> Fresh(DateTimeOffset now) =>
        (DiskCache.Find(session.Folder, Name(session.CacheScope), Read)?.Value ?? [])
            .Where(q => IsFresh(q, Freshness, now)).ToLookup(q => q.InstanceType, StringComparer.Ordinal);

    private async Task<IReadOnlyList<SpotQuote>> AskAsync(string[] types, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var newest = new Dictionary<(string Type, string Zone), SpotPrice>();
        var request = new DescribeSpotPriceHistoryRequest
        {
            InstanceTypes = [.. types],
            ProductDescriptions = ["Linux/UNIX"],
            // From now on: EC2 answers with the price in force in each zone.
            StartTime = now.UtcDateTime,
        };
        do
        {
            DescribeSpotPriceHistoryResponse page = await session.Ec2.DescribeSpotPriceHistoryAsync(request, cancellationToken).ConfigureAwait(false);
            foreach (SpotPrice price in page.SpotPriceHistory)
            {
                (string, string) key = (price.InstanceType.Value, price.AvailabilityZone);
                if (!newest.TryGetValue(key, out SpotPrice? before) || before.Timestamp < price.Timestamp)
                    newest[key] = price;
            }

            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return
        [
            .. newest.Select(p => new SpotQuote(p.Key.Type, p.Key.Zone, decimal.Parse(p.Value.Price, CultureInfo.InvariantCulture), now)),
        ];
    }

    private static void Write(Utf8JsonWriter writer, List<SpotQuote> quotes)
    {
        writer.WriteStartArray();
        foreach (SpotQuote quote in quotes)
        {
            writer.WriteStartObject();
            writer.WriteString("type", quote.InstanceType);
            writer.WriteString("zone", quote.Zone);
            writer.WriteNumber("usd", quote.Usd);
            writer.WriteString("at", quote.At);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static List<SpotQuote> Read(JsonElement value) =>
    [
        .. value.EnumerateArray().Select(item => new SpotQuote(
            item.GetProperty("type").GetString()!, item.GetProperty("zone").GetString()!, item.GetProperty("usd").GetDecimal(),
            item.GetProperty("at").GetDateTimeOffset())),
    ];
}
