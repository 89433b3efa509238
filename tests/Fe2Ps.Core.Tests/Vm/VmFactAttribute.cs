using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fe2Ps.Core.Tests.Vm;

/// <summary>
/// A test on Debian's own kernel in a virtual machine of software alone (<see cref="SmallVm"/>); skipped by name where something that it needs
/// is not here.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class VmFactAttribute : FactAttribute
{
    private const string Kernel = "linux-image-cloud-amd64";

    private static readonly string[] s_needed =
        ["qemu-system-x86_64", "cpio", "dpkg-deb", "apt-get", "awk", "flock", "ps", "ip", "openssl", "mkfs.ext4"];

    private static readonly string? s_whyNot = WhyNot();

    public VmFactAttribute() => Skip = s_whyNot;

    private static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
            return "needs Linux on x86-64";
        string[] folders = (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':');
        string[] missing = [.. s_needed.Where(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program))))];
        return missing.Length > 0 ? $"needs {string.Join(", ", missing)}"
            : IsOffered() ? null
            : $"no package source of this machine offers Debian's kernel ({Kernel})";
    }

    private static bool IsOffered()
    {
        if (Directory.Exists(SmallVm.Cache) && Directory.GetDirectories(SmallVm.Cache, "vm-*").Length > 0)
            return true;
        using Process process = Process.Start(new ProcessStartInfo("apt-cache", ["show", "--quiet", Kernel]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 && output.Length > 0;
    }
}
