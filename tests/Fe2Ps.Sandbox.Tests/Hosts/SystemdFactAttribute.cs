using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>A test of hosts that systemd starts; skipped by name where this machine cannot have them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() => Skip = ContainerFabric.IsSupported(out var reason) ? Systemd.WhyNot() : reason;
}
