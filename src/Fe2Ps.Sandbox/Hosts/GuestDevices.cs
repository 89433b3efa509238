using System.Globalization;
using System.Text.RegularExpressions;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Disks as one host sees them: the nodes in its /dev, its right to use them, the file systems on them.</summary>
internal static partial class GuestDevices
{
    private const string CgroupFolder = "/sys/fs/cgroup/devices";
    private const nuint FreezeRequest = 0xC0045877;
    private const nuint ThawRequest = 0xC0045878;
    private const nuint GoDownRequest = 0x8004587D;

    /// <summary>Whether rights to single devices can be given to a running host (cgroups of version 1; version 2 would need a program in the kernel).</summary>
    public static bool CanAllowOneByOne { get; } = File.Exists(Path.Combine(CgroupFolder, "devices.allow")) || File.Exists(Path.Combine(CgroupFolder, "devices.list"));

    /// <summary>Lets a disk appear, with the partitions that its table names.</summary>
    public static void Add(int pid, string containerName, ShownDisk disk)
    {
        var nodes = NodesOf(disk);
        foreach (var (_, major, minor) in nodes)
            Allow(containerName, major, minor, allowed: true);
        Namespaces.InMounts(pid, () =>
        {
            foreach (var (path, major, minor) in nodes)
            {
                File.Delete(path);
                Kernel.MakeBlockDevice(path, major, minor);
                if (disk.LinkOf(path) is not { } link)
                    continue;
                Directory.CreateDirectory(Path.GetDirectoryName(link)!);
                File.Delete(link);
                File.CreateSymbolicLink(link, "../../" + Path.GetFileName(path));
            }
        });
    }

    /// <summary>Lets it disappear. File systems still mounted are cut off from it first: what they have not written is lost, as when a cable is pulled.</summary>
    public static void Remove(int pid, string containerName, ShownDisk disk)
    {
        OnMounts(pid, disk.Loop, point =>
        {
            GoDown(point);
            Kernel.Unmount(point);
        });
        var nodes = NodesOf(disk);
        Namespaces.InMounts(pid, () =>
        {
            foreach (var (path, _, _) in nodes)
            {
                File.Delete(path);
                if (disk.LinkOf(path) is { } link && Directory.Exists(Path.GetDirectoryName(link)))
                    File.Delete(link);
            }
        });
        foreach (var (_, major, minor) in nodes)
            Allow(containerName, major, minor, allowed: false);
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

    /// <summary>Where a host has mounted the device or a partition of it (proc_pid_mountinfo(5)), the latest first.</summary>
    private static List<string> MountPoints(int pid, int loop)
    {
        HashSet<string> wanted = [NumberOf(LoopDevices.Major, loop), .. LoopDevices.Partitions(loop).Select(part => NumberOf(part.Major, part.Minor))];
        try
        {
            return [.. File.ReadLines($"/proc/{pid}/mountinfo")
                .Select(line => line.Split(' '))
                .Where(fields => wanted.Contains(fields[2]))
                .Select(fields => OctalEscape().Replace(fields[4], match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString()))
                .Reverse()];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>The disk's own node and those of its partitions, which are shown only where rights to them can be given one by one.</summary>
    private static List<(string Path, int Major, int Minor)> NodesOf(ShownDisk disk) =>
    [
        (disk.Device, LoopDevices.Major, disk.Loop),
        .. CanAllowOneByOne ? LoopDevices.Partitions(disk.Loop).Select(part => (disk.PartitionOf(part.Index), part.Major, part.Minor)) : [],
    ];

    private static string NumberOf(int major, int minor) => string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}");

    private static void Allow(string containerName, int major, int minor, bool allowed)
    {
        var file = Path.Combine(CgroupFolder, containerName, allowed ? "devices.allow" : "devices.deny");
        if (File.Exists(file))
            File.WriteAllText(file, $"b {NumberOf(major, minor)} rw");
    }

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex OctalEscape();
}
