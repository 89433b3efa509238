namespace Fe2Ps.Rehearsal.Tests;

/// <summary>A test that needs container hosts; skipped, with the reason, where they cannot run.</summary>
public sealed class HostsFactAttribute : FactAttribute
{
    public HostsFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || !File.Exists("/usr/sbin/runc"))
            Skip = "container hosts need Linux, root and runc";
    }
}
