using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>The system calls that .NET has no face for. Linux, 64 bits (x86-64 and arm64 agree on every number used here).</summary>
internal static partial class Kernel
{
    public const int CloneNewNamespace = 0x00020000;
    public const int CloneNewNetwork = 0x40000000;
    public const int CloneFileSystem = 0x00000200;
    public const int Kill = 9;
    public const int User1 = 10;
    public const int User2 = 12;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Halt = 19;

    private const nuint MountPrivateRecursive = 0x00040000 | 0x4000;
    private const int UnmountDetach = 2;
    private const nint PidfdSendSignal = 424;
    private const nint PidfdOpen = 434;
    private const int CloseOnExec = 0x80000;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int NoSuchFile = 2;
    private const int NoSuchProcess = 3;
    private const int WouldBlock = 11;
    private const int InvalidArgument = 22;

    public static bool IsRoot => OperatingSystem.IsLinux() && geteuid() == 0;

    public static void MountOverlay(string target, IEnumerable<string> lower, string upper, string work)
    {
        var options = $"lowerdir={string.Join(':', lower)},upperdir={upper},workdir={work}";
        Check(mount("overlay", target, "overlay", 0, options), $"mount overlay on {target}");
    }

    /// <summary>Mounts an ext4 file system.</summary>
    public static void MountExt4(string device, string target)
    {
        const nuint noAccessTimes = 1024;
        Check(mount(device, target, "ext4", noAccessTimes, null), $"mount {device} on {target}");
    }

    public static void MakeMountsPrivate() => Check(mount("none", "/", null, MountPrivateRecursive, null), "make mounts private");

    /// <summary>Takes a mount away, at once for new users and really when the last present one is gone. Not mounted is fine.</summary>
    public static void Unmount(string target)
    {
        if (umount2(target, UnmountDetach) != 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NoSuchFile))
            throw Error($"unmount {target}");
    }

    public static void Unshare(int flags) => Check(unshare(flags), "unshare");

    public static void EnterNamespace(SafeFileHandle space, int kind) => Check(setns(space, kind), "setns");

    /// <summary>Opens anything for reading, folders too, which .NET refuses.</summary>
    public static SafeFileHandle Open(string path)
    {
        var descriptor = open(path, CloseOnExec, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error($"open {path}");
    }

    /// <summary>Opens a file to be locked with <see cref="Lock"/>. .NET's own way of opening would take a lock at once.</summary>
    public static SafeFileHandle OpenLock(string path)
    {
        const int readAndWrite = 2;
        const int create = 0x40;
        const uint ownerOnly = 0x180;
        var descriptor = open(path, readAndWrite | create | CloseOnExec, ownerOnly);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Error($"open {path}");
    }

    /// <summary>A handle on a process that cannot come to mean another one; it becomes readable when the process ends. Null: it is gone.</summary>
    public static SafeFileHandle? OpenProcess(int pid)
    {
        var descriptor = syscall(PidfdOpen, pid, 0, 0, 0);
        if (descriptor < 0)
            return Marshal.GetLastPInvokeError() == NoSuchProcess ? null : throw Error("pidfd_open");
        return new SafeFileHandle((nint)descriptor, ownsHandle: true);
    }

    /// <summary>False: the process has ended.</summary>
    public static bool Signal(SafeFileHandle process, int signal)
    {
        var held = false;
        try
        {
            process.DangerousAddRef(ref held);
            if (syscall(PidfdSendSignal, process.DangerousGetHandle(), signal, 0, 0) == 0)
                return true;
            return Marshal.GetLastPInvokeError() == NoSuchProcess ? false : throw Error("pidfd_send_signal");
        }
        finally
        {
            if (held)
                process.DangerousRelease();
        }
    }

    /// <summary>Takes an advisory lock; it ends with the handle, and so with the process, however that ends.</summary>
    /// <returns>False: someone else holds it and <paramref name="wait"/> is false.</returns>
    public static bool Lock(SafeFileHandle file, bool wait)
    {
        if (flock(file, LockExclusive | (wait ? 0 : LockNonBlocking)) == 0)
            return true;
        return !wait && Marshal.GetLastPInvokeError() == WouldBlock ? false : throw Error("flock");
    }

    public static void MakeBlockDevice(string path, int major, int minor)
    {
        const uint blockDevice = 0x6000;
        const uint ownerAndGroup = 0x1B0;
        Check(mknod(path, blockDevice | ownerAndGroup, ((ulong)(uint)major << 8) | ((uint)minor & 0xff) | ((ulong)((uint)minor & ~0xffu) << 12)), $"mknod {path}");
    }

    public static void Control(SafeFileHandle file, nuint request, ref int value, string what) => Check(ioctl(file, request, ref value), what);

    public static void Control(SafeFileHandle file, nuint request, int value, string what) => Check(ioctl_value(file, request, value), what);

    public static void SyncFileSystem(SafeFileHandle file) => Check(syncfs(file), "syncfs");

    /// <summary>The next offset with data (or with a hole), or -1 when there is none.</summary>
    public static long Seek(SafeFileHandle file, long offset, bool hole) => lseek(file, offset, hole ? 4 : 3);

    private static void Check(int result, string what)
    {
        if (result != 0)
            throw Error(what);
    }

    private static IOException Error(string what)
    {
        var error = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{what}: {error.Message}", error);
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle descriptor, int kind);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, ref int value);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl_value(SafeFileHandle file, nuint request, nint value);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int whence);
}
