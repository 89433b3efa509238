using System.Globalization;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>What this machine's kernel lets containers do, which share it.</summary>
internal static class KernelFacts
{
    private const int SysResource = 24;

    /// <summary>Whether resize2fs may grow a mounted ext4 (CAP_SYS_RESOURCE; capabilities(7)).</summary>
    public static bool Ext4GrowsMounted { get; } = !OperatingSystem.IsLinux() || Effective(SysResource);

    /// <summary>Whether hosts of the sandbox show partitions.</summary>
    public static bool HasPartitions { get; } = new[] { "allow", "list" }.Any(f => File.Exists("/sys/fs/cgroup/devices/devices." + f));

    private static bool Effective(int capability) =>
        ulong.TryParse(
            File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal))?["CapEff:".Length..].Trim(),
            NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong rights)
        && (rights & (1UL << capability)) != 0;
}

/// <summary>As <see cref="HostedFactAttribute"/>, where the kernel grows a mounted ext4 or (<paramref name="refused"/>) where it does not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class Ext4FactAttribute : FactAttribute
{
    public Ext4FactAttribute(bool refused) => Skip = new HostedFactAttribute().Skip ?? (refused == !KernelFacts.Ext4GrowsMounted ? null : refused
        ? "this machine has CAP_SYS_RESOURCE: the kernel does not refuse"
        : "this machine withholds CAP_SYS_RESOURCE: the kernel refuses to grow a mounted ext4 (Operation not permitted)");
}

/// <summary>As <see cref="HostedTheoryAttribute"/>, where hosts show partitions.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PartitionTheoryAttribute : TheoryAttribute
{
    public PartitionTheoryAttribute() =>
        Skip = new HostedFactAttribute().Skip ?? (KernelFacts.HasPartitions ? null : "there are no device cgroups of version 1 here, so hosts show no partitions");
}
