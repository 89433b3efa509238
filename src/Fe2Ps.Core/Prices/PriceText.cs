using System.Text.Json;

namespace Fe2Ps.Core.Prices;

/// <summary>How prices are written in the Fe2 folder.</summary>
internal static class PriceText
{
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<OnDemandPrice> prices)
    {
        writer.WriteStartArray();
        foreach (OnDemandPrice price in prices)
        {
            writer.WriteStartObject();
            writer.WriteString("type", price.InstanceType);
            writer.WriteString("region", price.Region);
            writer.WriteString("os", price.OperatingSystem);
            writer.WriteNumber("vcpu", price.VCpu);
            writer.WriteNumber("memory", price.MemoryGiB);
            writer.WriteString("network", price.Network);
            writer.WriteNumber("usd", price.UsdPerHour);
            writer.WriteString("at", price.AsOf);
            if (price.GpuCount > 0)
            {
                writer.WriteNumber("gpus", price.GpuCount);
                if (price.GpuName is { } name)
                    writer.WriteString("gpu", name);
                if (price.GpuMemoryGiB is { } memory)
                    writer.WriteNumber("gpuMemory", memory);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static IReadOnlyList<OnDemandPrice> ReadTypes(JsonElement value) =>
    [
        .. value.EnumerateArray().Select(item => new OnDemandPrice
        {
            InstanceType = item.GetProperty("type").GetString()!,
            Region = item.GetProperty("region").GetString()!,
            OperatingSystem = item.GetProperty("os").GetString()!,
            VCpu = item.GetProperty("vcpu").GetInt32(),
            MemoryGiB = item.GetProperty("memory").GetDouble(),
            Network = item.GetProperty("network").GetString()!,
            UsdPerHour = item.GetProperty("usd").GetDecimal(),
            AsOf = item.GetProperty("at").GetDateTimeOffset(),
            GpuCount = item.TryGetProperty("gpus", out JsonElement count) ? count.GetInt32() : 0,
            GpuName = item.TryGetProperty("gpu", out JsonElement name) ? name.GetString() : null,
            GpuMemoryGiB = item.TryGetProperty("gpuMemory", out JsonElement memory) ? memory.GetDouble() : null,
        }),
    ];

    public static void Write(Utf8JsonWriter writer, StoragePrices prices)
    {
        writer.WriteStartObject();
        writer.WriteString("region", prices.Region);
        writer.WriteString("at", prices.AsOf);
        WriteMap("volumes", prices.VolumeGiBMonth);
        WriteMap("iops", prices.IopsMonth);
        WriteOne("gp3Throughput", prices.Gp3ThroughputMonth);
        WriteOne("snapshot", prices.SnapshotGiBMonth);
        WriteOne("address", prices.AddressHour);
        WriteOne("idleAddress", prices.IdleAddressHour);
        WriteMap("files", prices.Files.GiBMonth);
        WriteOne("fileThroughput", prices.Files.ThroughputMonth);
        writer.WriteEndObject();

        void WriteOne(string name, decimal? price)
        {
            if (price is { } usd)
                writer.WriteNumber(name, usd);
        }

        void WriteMap(string name, IReadOnlyDictionary<string, decimal> map)
        {
            writer.WriteStartObject(name);
            foreach ((string key, decimal usd) in map)
                writer.WriteNumber(key, usd);
            writer.WriteEndObject();
        }
    }

    public static StoragePrices ReadStorage(JsonElement value) => new()
    {
        Region = value.GetProperty("region").GetString()!,
        AsOf = value.GetProperty("at").GetDateTimeOffset(),
        VolumeGiBMonth = Map(value.GetProperty("volumes")),
        IopsMonth = Map(value.GetProperty("iops")),
        Gp3ThroughputMonth = One(value, "gp3Throughput"),
        SnapshotGiBMonth = One(value, "snapshot"),
        AddressHour = One(value, "address"),
        IdleAddressHour = One(value, "idleAddress"),
        // What an older version has kept is without: it is asked for again.
        Files = new FilePrices(Map(value.GetProperty("files")), One(value, "fileThroughput")),
    };

    private static decimal? One(JsonElement value, string name) => value.TryGetProperty(name, out JsonElement price) ? price.GetDecimal() : null;

    private static Dictionary<string, decimal> Map(JsonElement value) =>
        value.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDecimal(), StringComparer.Ordinal);
}
