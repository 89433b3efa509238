using System.Collections.Concurrent;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// Root disks, copy on write: what a host changes is a layer of its own over read-only layers (frozen roots, newest first) over the
/// base. The layer lies in a file system of the disk's size, in a sparse file, so that a host can fill its disk and nobody else's.
/// A frozen root is a copy of such a layer plus the list of those below it. Layers are shared, so each goes when nobody lists it.
/// </summary>
/// <param name="stateFolder">Where the disks are kept.</param>
/// <param name="mountsFolder">Where their file systems are mounted.</param>
internal sealed class RootDisks(string stateFolder, string mountsFolder)
{
    private const string Layers = "layers";
    private const string Owner = "instance";

    /// <summary>Stands last in a list of layers, in place of a layer, where the base is the one with systemd.</summary>
    private const string OnSystemd = "@systemd";
    private const string Image = "image";
    private const string Grown = "grown";
    private const int LongestRelease = 100;
    private readonly ConcurrentDictionary<string, Opened> _open = new();
    private readonly Lock _lock = new();
    private string? _base;
    private string? _systemdBase;

    private string RootsFolder => Path.Combine(stateFolder, "roots");

    private string LayersFolder => Path.Combine(stateFolder, Layers);

    private string SnapshotsFolder => Path.Combine(stateFolder, "root-snapshots");

    /// <summary>Where the roots of ended hosts are copied before they are deleted, or null.</summary>
    public string? KeepIn { get; init; }

    public void UseBase(string folder) => _base = folder;

    public bool HasDisk(string volumeId) => Directory.Exists(DiskOf(volumeId));

    public bool HasSnapshot(string snapshotId) => File.Exists(SnapshotOf(snapshotId));

    /// <summary>Where the host's console is written; it stays with the disk.</summary>
    public string ConsoleOf(string volumeId) => Path.Combine(DiskOf(volumeId), "console");

    /// <summary>The root disk of an instance, from an earlier life of the sandbox too; null if it has none.</summary>
    public string? FindDisk(string instanceId)
    {
        lock (_lock)
            return !Directory.Exists(RootsFolder)
                ? null
                : Directory.GetDirectories(RootsFolder)
                    .Where(disk => File.Exists(Path.Combine(disk, Owner)) && File.ReadAllText(Path.Combine(disk, Owner)) == instanceId)
                    .Select(Path.GetFileName)
                    .FirstOrDefault();
    }

    /// <summary>Whether systemd starts what this disk holds.</summary>
    public bool HasSystemd(string volumeId) => File.ReadLines(Path.Combine(DiskOf(volumeId), Layers)).Contains(OnSystemd);

    /// <summary>Makes the disk if it does not exist yet, and its contents accessible.</summary>
    /// <param name="systemd">Whether a root of no snapshot begins with systemd.</param>
    public async Task EnsureAsync(string volumeId, string instanceId, int sizeGiB, string? snapshotId, bool systemd, CancellationToken cancellationToken)
    {
        var disk = DiskOf(volumeId);
        if (!Directory.Exists(disk))
        {
            string[] layers = snapshotId is null
                ? systemd ? [OnSystemd] : []
                : HasSnapshot(snapshotId)
                    ? await File.ReadAllLinesAsync(SnapshotOf(snapshotId), cancellationToken).ConfigureAwait(false)
                    : throw new FileNotFoundException($"The snapshot {snapshotId} holds no root that a host could start from.");
            // Made aside and moved: a disk is either whole or not there. The layers are listed first, so that none goes meanwhile.
            var unfinished = disk + ".new";
            Directory.CreateDirectory(unfinished);
            await File.WriteAllLinesAsync(Path.Combine(unfinished, Layers), layers, cancellationToken).ConfigureAwait(false);
            await File.WriteAllTextAsync(Path.Combine(unfinished, Owner), instanceId, cancellationToken).ConfigureAwait(false);
            // No journal: the power fails here only in play. Nothing is set aside for root, who fills disks too.
            await Commands.RunAsync(
                "mkfs.ext4",
                [
                    "-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", "-L", "cloudimg-rootfs",
                    Path.Combine(unfinished, Image), $"{Math.Max(1, sizeGiB)}G",
                ],
                cancellationToken).ConfigureAwait(false);
            Directory.Move(unfinished, disk);
        }

        if (HasSystemd(volumeId))
            _systemdBase ??= await BaseRoot.EnsureAsync(systemd: true, null, cancellationToken).ConfigureAwait(false);
        if (File.Exists(Path.Combine(disk, Grown)))
            await GrowAsync(volumeId, cancellationToken).ConfigureAwait(false);
        await OpenAsync(volumeId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Grows the disk. Its file system follows at the host's next start, as cloud-init sees to it on EC2.</summary>
    public async Task ResizeAsync(string volumeId, int sizeGiB, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path.Combine(DiskOf(volumeId), Grown), "", cancellationToken).ConfigureAwait(false);
        using var disk = File.OpenHandle(Path.Combine(DiskOf(volumeId), Image), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.SetLength(disk, Math.Max(RandomAccess.GetLength(disk), (long)sizeGiB << 30));
    }

    /// <summary>Mounts the host's root.</summary>
    public void Mount(string volumeId, string target)
    {
        var lower = File.ReadAllLines(Path.Combine(DiskOf(volumeId), Layers))
            .Where(layer => layer != OnSystemd)
            .Select(layer => Path.Combine(LayersFolder, layer))
            .Append((HasSystemd(volumeId) ? _systemdBase : _base) ?? throw new InvalidOperationException("The base root is not made yet."));
        Directory.CreateDirectory(target);
        Kernel.MountOverlay(target, lower, Path.Combine(MountOf(volumeId), "upper"), Path.Combine(MountOf(volumeId), "work"));
    }

    public async Task DeleteAsync(string volumeId, CancellationToken cancellationToken)
    {
        if (KeepIn is not null && HasDisk(volumeId))
        {
            Directory.CreateDirectory(KeepIn);
            await OpenAsync(volumeId, cancellationToken).ConfigureAwait(false);
            await Commands.RunAsync(
                "cp", ["--archive", "--no-target-directory", Path.Combine(MountOf(volumeId), "upper"), Path.Combine(KeepIn, volumeId)], cancellationToken).ConfigureAwait(false);
        }

        await CloseAsync(volumeId, cancellationToken).ConfigureAwait(false);
        await DeleteFolderAsync(DiskOf(volumeId), cancellationToken).ConfigureAwait(false);
        await CollectAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Freezes the disk's present state under a snapshot's name. A running host should have synced before.</summary>
    public async Task FreezeAsync(string volumeId, string snapshotId, CancellationToken cancellationToken)
    {
        await OpenAsync(volumeId, cancellationToken).ConfigureAwait(false);
        var layer = Path.Combine(LayersFolder, snapshotId);
        Directory.CreateDirectory(LayersFolder);
        Directory.CreateDirectory(SnapshotsFolder);
        // All attributes: the overlay's own marks (a folder that hides the one below it, a removed file) are among them.
        var (code, _, error) = await Commands.TryAsync(
            "cp", ["--archive", "--reflink=auto", "--sparse=always", "--no-target-directory", Path.Combine(MountOf(volumeId), "upper"), layer], cancellationToken).ConfigureAwait(false);
        // Files that a running host removes meanwhile are not worth an error: a snapshot of a live disk is of some moment.
        var failures = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (code != 0 && !failures.All(line => line.EndsWith("No such file or directory", StringComparison.Ordinal)))
        {
            await DeleteFolderAsync(layer, CancellationToken.None).ConfigureAwait(false);
            throw new IOException($"The root of {volumeId} could not be copied: {failures.FirstOrDefault()}");
        }

        await File.WriteAllLinesAsync(
            SnapshotOf(snapshotId),
            [snapshotId, .. await File.ReadAllLinesAsync(Path.Combine(DiskOf(volumeId), Layers), cancellationToken).ConfigureAwait(false)],
            cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        File.Delete(SnapshotOf(snapshotId));
        await CollectAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Mounts the disk's file system. It stays so, over stops and starts, until the disk or the sandbox goes.</summary>
    private async Task OpenAsync(string volumeId, CancellationToken cancellationToken)
    {
        var opened = _open.GetOrAdd(volumeId, _ => new Opened());
        await opened.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (opened.IsMounted)
                return;
            var loop = await LoopDevices.AttachAsync(Path.Combine(DiskOf(volumeId), Image), cancellationToken).ConfigureAwait(false);
            try
            {
                Directory.CreateDirectory(MountOf(volumeId));
                Kernel.MountExt4($"/dev/loop{loop}", MountOf(volumeId));
                Directory.CreateDirectory(Path.Combine(MountOf(volumeId), "upper"));
                Directory.CreateDirectory(Path.Combine(MountOf(volumeId), "work"));
                opened.IsMounted = true;
            }
            finally
            {
                // From now on it is freed by itself when its file system is unmounted.
                await LoopDevices.DetachAsync(loop, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            opened.Turn.Release();
        }
    }

    private async Task CloseAsync(string volumeId, CancellationToken cancellationToken)
    {
        if (!_open.TryRemove(volumeId, out var opened))
            return;
        await opened.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        Kernel.Unmount(MountOf(volumeId));
        opened.Turn.Release();
    }

    /// <summary>
    /// Grows the file system of a disk that no host runs from: while it is mounted, ext4 grows only for those who have CAP_SYS_RESOURCE.
    /// </summary>
    private async Task GrowAsync(string volumeId, CancellationToken cancellationToken)
    {
        await CloseAsync(volumeId, cancellationToken).ConfigureAwait(false);
        var image = Path.Combine(DiskOf(volumeId), Image);
        // The mount is gone at once, its device when the last of the host's processes is.
        for (var tries = 0; LoopDevices.FindWithin(DiskOf(volumeId)).Any(); tries++)
        {
            if (tries == LongestRelease)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
        }

        // Asked for by resize2fs; it says what it has mended by its exit code.
        await Commands.TryAsync("e2fsck", ["-f", "-p", image], cancellationToken).ConfigureAwait(false);
        await Commands.RunAsync("resize2fs", [image], cancellationToken).ConfigureAwait(false);
        File.Delete(Path.Combine(DiskOf(volumeId), Grown));
    }

    /// <summary>Removes the layers that neither a disk nor a snapshot lists any more.</summary>
    private async Task CollectAsync(CancellationToken cancellationToken)
    {
        List<string> unused;
        lock (_lock)
        {
            if (!Directory.Exists(LayersFolder))
                return;
            var lists = (Directory.Exists(RootsFolder) ? Directory.GetDirectories(RootsFolder).Select(disk => Path.Combine(disk, Layers)) : [])
                .Concat(Directory.GetFiles(SnapshotsFolder))
                .Where(File.Exists);
            var used = lists.SelectMany(File.ReadAllLines).ToHashSet();
            unused = [.. Directory.GetDirectories(LayersFolder).Where(layer => !used.Contains(Path.GetFileName(layer)))];
        }

        foreach (var layer in unused)
            await DeleteFolderAsync(layer, cancellationToken).ConfigureAwait(false);
    }

    // rm rather than .NET: it stays within the file system and never follows a link.
    private static async Task DeleteFolderAsync(string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
            await Commands.RunAsync("rm", ["-rf", "--one-file-system", folder], cancellationToken).ConfigureAwait(false);
    }

    private string MountOf(string volumeId) => Path.Combine(mountsFolder, volumeId);

    private string DiskOf(string volumeId) => Path.Combine(RootsFolder, volumeId);

    private string SnapshotOf(string snapshotId) => Path.Combine(SnapshotsFolder, snapshotId);

    private sealed class Opened
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public bool IsMounted { get; set; }
    }
}
