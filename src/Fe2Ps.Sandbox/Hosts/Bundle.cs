using System.Globalization;
using System.Text.Json.Nodes;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>The OCI runtime configuration of a host (opencontainers/runtime-spec 1.0.2).</summary>
internal static class Bundle
{
    // Enough for what the owner of an EC2 instance does as root (mount his volumes, set his network up, trace his programs).
    // Not among them: making device nodes, loading modules, raw I/O, restarting the machine, setting its clock.
    private static readonly string[] Capabilities =
    [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_IPC_LOCK", "CAP_KILL",
        "CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_SETFCAP",
        "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_NICE", "CAP_SYS_PTRACE", "CAP_SYS_RESOURCE",
    ];

    /// <summary>Whether this machine lets us pass on CAP_SYS_RESOURCE (number 24), without which ext4 does not grow while mounted.</summary>
    public static bool HasResourceRight { get; } = File.Exists("/proc/self/status")
        && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("CapPrm:", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line["CapPrm:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1UL << 24)) != 0;

    public static void Write(string folder, string containerName, string hostName, string console, bool allLoopDevices, bool systemd)
    {
        var capabilities = Capabilities.Where(name => name != "CAP_SYS_RESOURCE" || HasResourceRight).ToList();
        var devices = new JsonArray(
            Device(false, null, null, null, "rwm"),
            Device(true, "c", 1, 3, "rw"),
            Device(true, "c", 1, 5, "rw"),
            Device(true, "c", 1, 7, "rw"),
            Device(true, "c", 1, 8, "rw"),
            Device(true, "c", 1, 9, "rw"),
            Device(true, "c", 5, 0, "rw"),
            Device(true, "c", 5, 2, "rw"),
            Device(true, "c", 136, null, "rw"));
        if (allLoopDevices)
            devices.Add(Device(true, "b", 7, null, "rw"));

        var mounts = new JsonArray(
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "nodev", "mode=1777"),
            Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            Mount("/run", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755", "size=128m"),
            Mount("/run/fe2", "bind", Path.Combine(folder, "boot"), "bind", "ro"),
            Mount("/run/fe2/ended", "bind", Path.Combine(folder, "ended"), "bind", "rw"),
            Mount("/dev/console", "bind", console, "bind", "rw"));
        var environment = new List<string> { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8" };
        if (systemd)
        {
            // Its own branch of the unified hierarchy, where it puts its units: https://systemd.io/CONTAINER_INTERFACE
            mounts.Add(Mount("/sys/fs/cgroup", "cgroup2", "cgroup2", "nosuid", "noexec", "nodev", "rw"));
            environment.Add("container=oci");
        }

        var config = new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["hostname"] = hostName,
            ["root"] = new JsonObject { ["path"] = "rootfs" },
            ["process"] = new JsonObject
            {
                ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
                ["cwd"] = "/",
                ["args"] = new JsonArray("/run/fe2/init"),
                ["env"] = Names(environment),
                ["capabilities"] = new JsonObject
                {
                    ["bounding"] = Names(capabilities),
                    ["effective"] = Names(capabilities),
                    ["permitted"] = Names(capabilities),
                },
                ["rlimits"] = new JsonArray(new JsonObject { ["type"] = "RLIMIT_NOFILE", ["soft"] = 1024, ["hard"] = HardFileLimit() }),
                ["noNewPrivileges"] = false,
            },
            ["mounts"] = mounts,
            ["linux"] = new JsonObject
            {
                ["cgroupsPath"] = "/" + containerName,
                ["namespaces"] = new JsonArray(
                    Namespace("pid"), Namespace("network"), Namespace("ipc"), Namespace("uts"), Namespace("mount"), Namespace("cgroup")),
                ["resources"] = new JsonObject
                {
                    ["devices"] = devices,
                    ["pids"] = new JsonObject { ["limit"] = 8192 },
                },
                ["maskedPaths"] = Names(
                    ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"]),
                ["readonlyPaths"] = Names(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]),
            },
        };
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
    }

    // This program's own: to raise it takes a right that is not given everywhere.
    private static long HardFileLimit() =>
        File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } line
        && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture, out var limit)
            ? limit
            : 4096;

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);

    private static JsonObject Namespace(string type) => new() { ["type"] = type };

    private static JsonObject Mount(string target, string type, string source, params string[] options) =>
        new() { ["destination"] = target, ["type"] = type, ["source"] = source, ["options"] = Names(options) };

    private static JsonObject Device(bool allow, string? type, int? major, int? minor, string access)
    {
        var device = new JsonObject { ["allow"] = allow, ["access"] = access };
        if (type is not null)
            device["type"] = type;
        if (major is not null)
            device["major"] = major;
        if (minor is not null)
            device["minor"] = minor;
        return device;
    }
}
