using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>Prices of one region, in memory and in one file of the Fe2 folder.</summary>
internal sealed class PriceFile(Fe2Home folder, string name)
{
    private readonly object gate = new();
    private Dictionary<string, HourlyPrice>? prices;

    public HourlyPrice? Find(string key, DateTimeOffset? notBefore = null)
    {
        lock (gate)
            return Load().TryGetValue(key, out HourlyPrice? price) && !(price.At < notBefore) ? price : null;
    }

    public IReadOnlyList<HourlyPrice> FindZones(string type, DateTimeOffset notBefore)
    {
        lock (gate)
            return [.. Load().Values.Where(p => p.InstanceType == type && p.Zone is not null && p.At >= notBefore).OrderBy(p => p.Zone, StringComparer.Ordinal)];
    }

    public void Put(string key, HourlyPrice price)
    {
        lock (gate)
        {
            Load()[key] = price;
            var all = new JsonObject();
            foreach ((string k, HourlyPrice p) in prices!)
            {
                all[k] = new JsonObject
                {
                    ["type"] = p.InstanceType,
                    ["usd"] = p.Usd,
                    ["at"] = p.At.ToString("O", CultureInfo.InvariantCulture),
                    ["zone"] = p.Zone,
                };
            }

            try
            {
                folder.Write(all.ToJsonString(), "cache", name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The price is known to this process all the same.
            }
        }
    }

    private Dictionary<string, HourlyPrice> Load()
    {
        if (prices is not null)
            return prices;
        prices = [];
        try
        {
            foreach ((string key, JsonNode? p) in JsonNode.Parse(folder.TryRead("cache", name) ?? "{}")?.AsObject() ?? [])
            {
                prices[key] = new HourlyPrice(
                    p!["type"]!.GetValue<string>(), p["usd"]!.GetValue<decimal>(),
                    DateTimeOffset.Parse(p["at"]!.GetValue<string>(), CultureInfo.InvariantCulture), p["zone"]?.GetValue<string>());
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            // A cache that another version wrote is made anew.
            prices.Clear();
        }

        return prices;
    }
}
