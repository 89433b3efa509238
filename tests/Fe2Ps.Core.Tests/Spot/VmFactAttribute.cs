using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// A test that boots Debian's own kernel in a virtual machine of software alone: it takes some minutes. Runs where FE2_VM_TESTS is 1 and all
/// that it needs is installed; the reason says what is missing.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class VmFactAttribute : FactAttribute
{
    private static readonly string[] Needed = ["qemu-system-x86_64", "criu", "busybox", "cpio", "dpkg-deb", "apt-get", "awk", "flock"];

    public VmFactAttribute() => Skip = WhyNot();

    private static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64)
            return "needs Linux on x86-64";
        var folders = (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':');
        string[] missing = [.. Needed.Where(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program))))];
        return missing.Length > 0 ? $"needs {string.Join(", ", missing)}"
            : Environment.GetEnvironmentVariable("FE2_VM_TESTS") == "1" ? null : "takes minutes: FE2_VM_TESTS=1 runs it";
    }
}
