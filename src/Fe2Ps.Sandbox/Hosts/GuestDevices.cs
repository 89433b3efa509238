using System.Globalization;
using System.Text.RegularExpressions;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>A volume's device as one host sees it: the nodes in its /dev, its right to use them, the file systems on it.</summary>
internal static partial class GuestDevices
{
    private const string CgroupFolder = "/sys/fs/cgroup/devices";
    private const nuint FreezeRequest = 0xC0045877;
    private const nuint ThawRequest = 0xC0045878;
    private const nuint GoDownRequest = 0x8004587D;

    /// <summary>Whether rights to single devices can be given to a running host (cgroups of version 1; version 2 would need a program in the kernel).</summary>
    public static bool CanAllowOneByOne { get; } = File.Exists(Path.Combine(CgroupFolder, "devices.allow")) || File.Exists(Path.Combine(CgroupFolder, "devices.list"));

    /// <summary>Lets the volume appear: as /dev/nvme<i>n</i>n1, as /dev/xvd<i>x</i>, and by its serial.</summary>
    public static void Add(int pid, string containerName, int loop, int nvme, string xvd, string volumeId)
    {
        Allow(containerName, loop, allowed: true);
        Namespaces.InMounts(pid, () =>
        {
            var (device, byId) = NamesOf(nvme, volumeId);
            Directory.CreateDirectory(Path.GetDirectoryName(byId)!);
            foreach (var path in new[] { device, xvd, byId })
                File.Delete(path);
            Kernel.MakeBlockDevice(device, LoopDevices.Major, loop);
            Kernel.MakeBlockDevice(xvd, LoopDevices.Major, loop);
            File.CreateSymbolicLink(byId, $"../../nvme{nvme}n1");
        });
    }

    /// <summary>Lets it disappear. File systems still mounted are cut off from it first: what they have not written is lost, as when a cable is pulled.</summary>
    public static void Remove(int pid, string containerName, int loop, int nvme, string xvd, string volumeId)
    {
        OnMounts(pid, loop, point =>
        {
            GoDown(point);
            Kernel.Unmount(point);
        });
        Namespaces.InMounts(pid, () =>
        {
            var (device, byId) = NamesOf(nvme, volumeId);
            foreach (var path in new[] { device, xvd, byId })
                File.Delete(path);
        });
        Allow(containerName, loop, allowed: false);
    }

    public static bool IsMounted(int pid, int loop) => MountPoints(pid, loop).Count > 0;

    /// <summary>Cuts file systems off from the device: what they have not written is lost, and they are of no use any more.</summary>
    public static void CutOff(int pid, int loop) => OnMounts(pid, loop, point =>
    {
        try
        {
            GoDown(point);
        }
        catch (IOException)
        {
            // Mounted twice, or of a kind that cannot: it ends with the host.
        }
    });

    /// <summary>Writes out what is pending. A file system that the host itself has frozen has nothing pending, and stays frozen.</summary>
    public static void Flush(int pid, int loop) => OnMounts(pid, loop, point =>
    {
        if (ControlMount(point, FreezeRequest))
            ControlMount(point, ThawRequest);
    });

    /// <summary>Lets a frozen file system go on.</summary>
    public static void Thaw(int pid, int loop) => OnMounts(pid, loop, point => ControlMount(point, ThawRequest));

    /// <summary>Thaws whatever a process's volumes are, for a sandbox that died in the middle of a copy.</summary>
    public static void ThawAll(int pid, IEnumerable<int> loops)
    {
        foreach (var loop in loops)
            Thaw(pid, loop);
    }

    private static void GoDown(string point)
    {
        var flags = 2;
        using var folder = Kernel.Open(point);
        Kernel.Control(folder, GoDownRequest, ref flags, "shut file system down");
    }

    /// <summary>Whether it could be done: not where it is so already, nor with every kind of file system.</summary>
    private static bool ControlMount(string point, nuint request)
    {
        using var folder = Kernel.Open(point);
        var unused = 0;
        try
        {
            Kernel.Control(folder, request, ref unused, "freeze");
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void OnMounts(int pid, int loop, Action<string> work)
    {
        var points = MountPoints(pid, loop);
        if (points.Count > 0)
            Namespaces.InMounts(pid, () => points.ForEach(work));
    }

    /// <summary>Where a host has mounted the device (proc_pid_mountinfo(5)).</summary>
    private static List<string> MountPoints(int pid, int loop)
    {
        var wanted = $"{LoopDevices.Major}:{loop}";
        try
        {
            return [.. File.ReadLines($"/proc/{pid}/mountinfo")
                .Select(line => line.Split(' '))
                .Where(fields => fields[2] == wanted)
                .Select(fields => OctalEscape().Replace(fields[4], match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString()))
                .Reverse()];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static (string Device, string ById) NamesOf(int nvme, string volumeId) =>
        ($"/dev/nvme{nvme}n1", "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + volumeId.Replace("-", string.Empty, StringComparison.Ordinal));

    private static void Allow(string containerName, int loop, bool allowed)
    {
        var file = Path.Combine(CgroupFolder, containerName, allowed ? "devices.allow" : "devices.deny");
        if (File.Exists(file))
            File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"b {LoopDevices.Major}:{loop} rw"));
    }

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex OctalEscape();
}
