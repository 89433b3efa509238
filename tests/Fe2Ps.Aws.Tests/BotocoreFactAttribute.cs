using System.Diagnostics;

namespace Fe2Ps.Aws.Tests;

/// <summary>A test that takes Debian's botocore as its reference; skipped by name where that is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BotocoreFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_present = new(Probe);

    public BotocoreFactAttribute()
    {
        if (!s_present.Value) Skip = "needs Debian's python3-botocore (apt-get install python3-botocore)";
    }

    private static bool Probe()
    {
        if (!File.Exists("/usr/bin/python3")) return false;
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import botocore"]) { RedirectStandardError = true });
        python!.StandardError.ReadToEnd();
        python.WaitForExit();
        return python.ExitCode == 0;
    }
}
