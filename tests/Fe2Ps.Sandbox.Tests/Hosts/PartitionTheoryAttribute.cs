using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>A test of containers that show partitions; skipped, with the reason, where they cannot.</summary>
public sealed class PartitionTheoryAttribute : TheoryAttribute
{
    public PartitionTheoryAttribute()
    {
        if (!ContainerFabric.IsSupported(out var reason))
            Skip = reason;
        else if (!GuestDevices.CanAllowOneByOne)
            Skip = "There are no device cgroups of version 1 here, so containers show no partitions.";
    }
}
