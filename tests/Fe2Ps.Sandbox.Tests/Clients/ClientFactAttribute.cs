using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Clients;

/// <summary>A test that drives the sandbox with Debian's awscli or python3-boto3; skipped by name where that is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientFactAttribute : FactAttribute
{
    public ClientFactAttribute() => Skip = Missing();

    internal static string? Missing()
    {
        if (!File.Exists("/usr/bin/aws"))
            return "needs Debian's awscli (apt-get install awscli)";
        return Directory.Exists("/usr/lib/python3/dist-packages/boto3") ? null : "needs Debian's python3-boto3 (apt-get install python3-boto3)";
    }
}

/// <summary>Such a test that also needs container hosts.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HostedClientFactAttribute : FactAttribute
{
    public HostedClientFactAttribute() => Skip = ClientFactAttribute.Missing() ?? (ContainerFabric.IsSupported(out var reason) ? null : reason);
}
