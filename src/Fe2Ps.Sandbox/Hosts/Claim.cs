using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// One sandbox's place on this machine: a random id that names everything it makes, a folder in /run, a block of public addresses,
/// and a lock that ends with the process however that ends. By the lock the next sandbox knows what may be swept.
/// </summary>
internal sealed class Claim : IDisposable
{
    /// <summary>Public addresses are of 198.18.0.0/15 (RFC 2544, never routed); each sandbox has a /22 of it.</summary>
    public const int Blocks = 128;

    private const string StateFile = "state";
    private const string BlockFile = "block";
    private const string LockFile = "lock";
    private readonly SafeFileHandle _lock;

    private Claim(string id, int block, SafeFileHandle held)
    {
        Id = id;
        Block = block;
        _lock = held;
    }

    /// <summary>Where the folders of all sandboxes of this machine are.</summary>
    public static string Root { get; } = Kernel.IsRoot
        ? "/run/fe2ps"
        : Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? Path.GetTempPath(), "fe2ps-" + Environment.UserName);

    /// <summary>Eight hexadecimal digits.</summary>
    public string Id { get; }

    public int Block { get; }

    public string Folder => FolderOf(Id);

    public string HostsFolder => Path.Combine(Folder, "hosts");

    public string DisksFolder => Path.Combine(Folder, "disks");

    public string ContainersFolder => Path.Combine(Folder, "runc");

    public static string FolderOf(string id) => Path.Combine(Root, id);

    /// <param name="stateFolder">Where the sandbox keeps its disks.</param>
    /// <param name="temporary">Whether that folder goes with the sandbox.</param>
    public static Claim Take(string stateFolder, bool temporary)
    {
        using var all = LockAll();
        var used = Directory.GetDirectories(Root).Select(ReadBlock).ToHashSet();
        var block = Enumerable.Range(0, Blocks).Where(number => !used.Contains(number)).Cast<int?>().FirstOrDefault()
            ?? throw new IOException($"{Blocks} sandboxes run on this machine already; no block of addresses is free.");

        var id = RandomNumberGenerator.GetHexString(8, lowercase: true);
        var folder = FolderOf(id);
        // Others may pass through, to what is theirs, and see nothing.
        UnixFiles.MakeFolder(folder, UnixFiles.PassThrough);
        var held = Kernel.OpenLock(Path.Combine(folder, LockFile));
        Kernel.Lock(held, wait: true);
        File.WriteAllText(Path.Combine(folder, BlockFile), block.ToString(CultureInfo.InvariantCulture));
        File.WriteAllText(Path.Combine(folder, StateFile), (temporary ? "temporary " : "kept ") + Path.GetFullPath(stateFolder));
        return new Claim(id, block, held);
    }

    /// <summary>The sandboxes that are no more but whose folders are still here; nobody else can claim or sweep until the answer is disposed.</summary>
    public static Abandoned FindAbandoned() => new(LockAll());

    /// <summary>Gives the place back. Everything named by it must be gone.</summary>
    public void Dispose()
    {
        using var all = LockAll();
        Directory.Delete(Folder, recursive: true);
        _lock.Dispose();
    }

    private static SafeFileHandle LockAll()
    {
        Directory.CreateDirectory(Root);
        var all = Kernel.OpenLock(Path.Combine(Root, LockFile));
        Kernel.Lock(all, wait: true);
        return all;
    }

    private static int ReadBlock(string folder) =>
        File.Exists(Path.Combine(folder, BlockFile))
        && int.TryParse(File.ReadAllText(Path.Combine(folder, BlockFile)), CultureInfo.InvariantCulture, out var block)
            ? block
            : -1;

    /// <summary>Sandboxes that ended without cleaning up.</summary>
    internal sealed class Abandoned(SafeFileHandle all) : IDisposable
    {
        public IEnumerable<(string Id, string StateFolder, bool Temporary)> Sandboxes()
        {
            foreach (var folder in Directory.GetDirectories(Root))
            {
                using (var held = Kernel.OpenLock(Path.Combine(folder, LockFile)))
                    if (!Kernel.Lock(held, wait: false))
                        continue;
                var state = File.Exists(Path.Combine(folder, StateFile)) ? File.ReadAllText(Path.Combine(folder, StateFile)) : string.Empty;
                var space = state.IndexOf(' ', StringComparison.Ordinal);
                yield return (Path.GetFileName(folder), state[(space + 1)..], state.StartsWith("temporary ", StringComparison.Ordinal));
            }
        }

        public void Dispose() => all.Dispose();
    }
}
