namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A test on the sandbox's container hosts; skipped by name where this machine cannot have them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HostedFactAttribute : FactAttribute
{
    private static readonly string? Missing =
        new[] { "/usr/bin/ssh", "/usr/sbin/runc", "/usr/bin/mmdebstrap" }.FirstOrDefault(p => !File.Exists(p));

    public HostedFactAttribute() => Skip = IsHere ? null : Missing is null ? "container hosts need root on Linux" : $"{Missing} is not here";

    public static bool IsHere => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Missing is null;
}
