namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Hosts whose first process is systemd: what they need of this machine, and the signals that it takes (systemd(1), "Signals").</summary>
internal static class Systemd
{
    // SIGRTMIN is 34: glibc keeps two for itself.
    private const int PowerOff = 34 + 4;
    private const int Reboot = 34 + 5;

    /// <summary>Why this machine has no such hosts, as a sentence, or null. systemd puts its units into its own branch of the unified hierarchy.</summary>
    public static string? WhyNot() =>
        File.Exists("/sys/fs/cgroup/unified/cgroup.procs") || File.Exists("/sys/fs/cgroup/cgroup.controllers")
            ? null
            : "This machine has no cgroups of version 2: the image whose hosts systemd starts cannot be launched.";

    /// <summary>Asks the host to shut down; false: it has ended.</summary>
    public static bool SignalEnd(ContainerHost.Run run) => Kernel.Signal(run.Process, IsFirstIn(run) ? PowerOff : Kernel.Terminate);

    /// <summary>Asks the host to restart.</summary>
    public static void SignalRestart(ContainerHost.Run run) => Kernel.Signal(run.Process, IsFirstIn(run) ? Reboot : Kernel.User2);

    // An image decides for itself what it starts with, so the process is asked.
    private static bool IsFirstIn(ContainerHost.Run run)
    {
        try
        {
            return File.ReadAllText($"/proc/{run.Pid}/comm").Trim() == "systemd";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
