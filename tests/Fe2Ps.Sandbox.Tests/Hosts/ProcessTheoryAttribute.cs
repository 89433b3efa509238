using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>A test of process hosts, with a private root as far as the machine can and without; skipped, with the reason, where they cannot run.</summary>
public sealed class ProcessTheoryAttribute : TheoryAttribute
{
    public ProcessTheoryAttribute()
    {
        if (!ProcessFabric.IsSupported(out var reason))
            Skip = reason;
        else if (!ProcessSupport.CanIsolate)
            Skip = "Namespaces are not permitted here, or this is not root.";
    }
}
