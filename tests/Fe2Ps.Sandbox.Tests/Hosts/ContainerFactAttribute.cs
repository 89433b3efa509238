using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>A test that needs container hosts; skipped, with the reason, where they cannot run.</summary>
public sealed class ContainerFactAttribute : FactAttribute
{
    public ContainerFactAttribute()
    {
        if (!ContainerFabric.IsSupported(out var reason))
            Skip = reason;
    }
}
