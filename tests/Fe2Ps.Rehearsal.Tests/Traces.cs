using System.Diagnostics;

namespace Fe2Ps.Rehearsal.Tests;

/// <summary>Whatever on this machine belongs to the sandbox of one rehearsal.</summary>
internal static class Traces
{
    private const string Sandboxes = "/run/fe2ps";

    /// <summary>The sandbox's own id, which everything of it on this machine is named by; found by its temporary folder.</summary>
    public static string IdOf(DirectoryInfo temporary) => Path.GetFileName(
        Directory.GetDirectories(Sandboxes).First(folder => File.ReadAllText(Path.Combine(folder, "state")).Contains(temporary.FullName, StringComparison.Ordinal)));

    /// <summary>Network, mounts, control groups, loop devices, processes and folders, one a line; empty when nothing is left.</summary>
    public static string Of(string id, DirectoryInfo temporary)
    {
        var named = string.Join('\n', Run("ip", "-o", "link"), Run("ip", "netns"), Run("find", "/sys/fs/cgroup", "-name", $"*{id}*"), File.ReadAllText("/proc/self/mountinfo"), Run("pgrep", "-fa", id))
            .Split('\n').Where(line => line.Contains(id, StringComparison.Ordinal));
        var below = string.Join('\n', Run("losetup", "-a"), Run("pgrep", "-fa", temporary.FullName))
            .Split('\n').Where(line => line.Contains(temporary.FullName, StringComparison.Ordinal));
        var folders = Directory.Exists(Path.Combine(Sandboxes, id)) ? [Path.Combine(Sandboxes, id)] : Array.Empty<string>();
        return string.Join('\n', [.. named, .. below, .. folders]);
    }

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
