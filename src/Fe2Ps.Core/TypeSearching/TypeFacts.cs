using System.Text.Json;
using Amazon.EC2.Model;

namespace Fe2Ps.Core.TypeSearching;

/// <summary>What is known of an instance type in a region.</summary>
/// <param name="Name">For example <c>m5.large</c>.</param>
/// <param name="VCpu">Virtual processors.</param>
/// <param name="MemoryGiB">Memory in GiB.</param>
/// <param name="GpuCount">GPUs; 0 for none.</param>
/// <param name="GpuName">What they are, or null.</param>
/// <param name="GpuMemoryGiB">Memory of all GPUs together in GiB; 0 for none.</param>
/// <param name="Architectures"><c>x86_64</c>, <c>arm64</c>, ...</param>
/// <param name="Network">The network in AWS's words.</param>
/// <param name="IsCurrent">False for a previous generation.</param>
/// <param name="IsSpot">Whether it can be had as a spot instance.</param>
/// <param name="Zones">The zones that offer it.</param>
internal sealed record TypeFacts(
    string Name, int VCpu, double MemoryGiB, int GpuCount, string? GpuName, double GpuMemoryGiB, IReadOnlyList<string> Architectures, string Network,
    bool IsCurrent, bool IsSpot, IReadOnlyList<string> Zones)
{
    private const double MebibytesOfGibibyte = 1024;

    public static TypeFacts Of(InstanceTypeInfo type, IReadOnlyList<string> zones)
    {
        GpuDeviceInfo? gpu = type.GpuInfo?.Gpus?.FirstOrDefault();
        return new TypeFacts(
            type.InstanceType.Value, type.VCpuInfo?.DefaultVCpus ?? 0, (type.MemoryInfo?.SizeInMiB ?? 0) / MebibytesOfGibibyte,
            type.GpuInfo?.Gpus?.Sum(g => g.Count ?? 0) ?? 0, gpu is null ? null : $"{gpu.Manufacturer} {gpu.Name}".Trim(),
            (type.GpuInfo?.TotalGpuMemoryInMiB ?? 0) / MebibytesOfGibibyte, Instances.InstanceTypes.ArchitecturesOf(type),
            type.NetworkInfo?.NetworkPerformance ?? "", type.CurrentGeneration ?? false,
            type.SupportedUsageClasses?.Any(c => (string)c == "spot") ?? false, zones);
    }

    public static void Write(Utf8JsonWriter writer, IReadOnlyList<TypeFacts> types)
    {
        writer.WriteStartArray();
        foreach (TypeFacts type in types)
        {
            writer.WriteStartObject();
            writer.WriteString("type", type.Name);
            writer.WriteNumber("vcpu", type.VCpu);
            writer.WriteNumber("memory", type.MemoryGiB);
            writer.WriteNumber("gpus", type.GpuCount);
            writer.WriteString("gpu", type.GpuName);
            writer.WriteNumber("gpuMemory", type.GpuMemoryGiB);
            writer.WriteString("network", type.Network);
            writer.WriteBoolean("current", type.IsCurrent);
            writer.WriteBoolean("spot", type.IsSpot);
            WriteList("architectures", type.Architectures);
            WriteList("zones", type.Zones);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();

        void WriteList(string name, IReadOnlyList<string> values)
        {
            writer.WriteStartArray(name);
            foreach (string value in values)
                writer.WriteStringValue(value);
            writer.WriteEndArray();
        }
    }

    public static IReadOnlyList<TypeFacts> Read(JsonElement value) =>
    [
        .. value.EnumerateArray().Select(item => new TypeFacts(
            item.GetProperty("type").GetString()!, item.GetProperty("vcpu").GetInt32(), item.GetProperty("memory").GetDouble(),
            item.GetProperty("gpus").GetInt32(), item.GetProperty("gpu").GetString(), item.GetProperty("gpuMemory").GetDouble(),
            List(item.GetProperty("architectures")), item.GetProperty("network").GetString()!, item.GetProperty("current").GetBoolean(),
            item.GetProperty("spot").GetBoolean(), List(item.GetProperty("zones")))),
    ];

    private static IReadOnlyList<string> List(JsonElement value) => [.. value.EnumerateArray().Select(item => item.GetString()!)];
}
