namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Finds out whether this machine can run containers, by trying what they need in namespaces that vanish at once.</summary>
internal static class ContainerSupport
{
    private static readonly string[] Programs = ["runc", "ip", "nsenter", "nft", "losetup", "mkfs.ext4", "mmdebstrap"];

    public static bool Check(out string reason)
    {
        reason = WhyNot() ?? string.Empty;
        return reason.Length == 0;
    }

    private static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux())
            return "Container hosts need Linux.";
        if (!Kernel.IsRoot)
            return "Container hosts need root (run through sudo).";
        var missing = Programs.Where(program => Commands.Find(program) is null).ToList();
        if (missing.Count > 0)
            return $"Container hosts need programs that are missing here: {string.Join(", ", missing)}.";
        if (!File.Exists("/dev/loop-control"))
            return "Container hosts need loop devices (/dev/loop-control), which are missing here.";
        var folder = Directory.CreateTempSubdirectory("fe2ps-probe-").FullName;
        try
        {
            Namespaces.InNew(Kernel.CloneNewNamespace | Kernel.CloneNewNetwork, () =>
            {
                Kernel.MakeMountsPrivate();
                var parts = new[] { "lower", "upper", "work", "merged" }.Select(name => Directory.CreateDirectory(Path.Combine(folder, name)).FullName).ToList();
                Kernel.MountOverlay(parts[3], [parts[0]], parts[1], parts[2]);
                Kernel.Unmount(parts[3]);
            });
            return null;
        }
        catch (IOException error)
        {
            return $"Container hosts are not permitted here ({error.Message}).";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
