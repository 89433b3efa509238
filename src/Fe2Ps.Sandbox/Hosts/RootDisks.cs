namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// Root disks, copy on write: what a host changes is a layer of its own over read-only layers (frozen roots, newest first) over the
/// base. A frozen root is a copy of such a layer plus the list of those below it. Layers are shared, so each goes when nobody lists it.
/// </summary>
internal sealed class RootDisks(string stateFolder)
{
    private const string Layers = "layers";
    private const string Owner = "instance";
    private readonly Lock _lock = new();
    private string? _base;

    private string RootsFolder => Path.Combine(stateFolder, "roots");

    private string LayersFolder => Path.Combine(stateFolder, Layers);

    private string SnapshotsFolder => Path.Combine(stateFolder, "root-snapshots");

    /// <summary>Where the roots of ended hosts are moved instead of being deleted, or null.</summary>
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

    /// <summary>Makes the disk if it does not exist yet.</summary>
    public void Ensure(string volumeId, string instanceId, string? snapshotId)
    {
        lock (_lock)
        {
            var disk = DiskOf(volumeId);
            if (Directory.Exists(disk))
                return;
            string[] layers = snapshotId is null
                ? []
                : HasSnapshot(snapshotId)
                    ? File.ReadAllLines(SnapshotOf(snapshotId))
                    : throw new FileNotFoundException($"The snapshot {snapshotId} holds no root that a host could start from.");
            // Made aside and moved: a disk is either whole or not there.
            var unfinished = disk + ".new";
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
            Directory.CreateDirectory(Path.Combine(unfinished, "upper"));
            Directory.CreateDirectory(Path.Combine(unfinished, "work"));
            File.WriteAllLines(Path.Combine(unfinished, Layers), layers);
            File.WriteAllText(Path.Combine(unfinished, Owner), instanceId);
            Directory.Move(unfinished, disk);
        }
    }

    public void Mount(string volumeId, string target)
    {
        var disk = DiskOf(volumeId);
        var lower = File.ReadAllLines(Path.Combine(disk, Layers))
            .Select(layer => Path.Combine(LayersFolder, layer))
            .Append(_base ?? throw new InvalidOperationException("The base root is not made yet."));
        Directory.CreateDirectory(target);
        Kernel.MountOverlay(target, lower, Path.Combine(disk, "upper"), Path.Combine(disk, "work"));
    }

    public async Task DeleteAsync(string volumeId, CancellationToken cancellationToken)
    {
        var disk = DiskOf(volumeId);
        if (KeepIn is not null && Directory.Exists(disk))
        {
            Directory.CreateDirectory(KeepIn);
            await Commands.RunAsync("mv", ["--no-target-directory", Path.Combine(disk, "upper"), Path.Combine(KeepIn, volumeId)], cancellationToken).ConfigureAwait(false);
        }

        await DeleteFolderAsync(disk, cancellationToken).ConfigureAwait(false);
        await CollectAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Freezes the disk's present state under a snapshot's name. A running host should have synced before.</summary>
    public async Task FreezeAsync(string volumeId, string snapshotId, CancellationToken cancellationToken)
    {
        var disk = DiskOf(volumeId);
        var layer = Path.Combine(LayersFolder, snapshotId);
        Directory.CreateDirectory(LayersFolder);
        Directory.CreateDirectory(SnapshotsFolder);
        // All attributes: the overlay's own marks (a folder that hides the one below it, a removed file) are among them.
        var (code, _, error) = await Commands.TryAsync(
            "cp", ["--archive", "--reflink=auto", "--sparse=always", "--no-target-directory", Path.Combine(disk, "upper"), layer], cancellationToken).ConfigureAwait(false);
        // Files that a running host removes meanwhile are not worth an error: a snapshot of a live disk is of some moment.
        var failures = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (code != 0 && !failures.All(line => line.EndsWith("No such file or directory", StringComparison.Ordinal)))
        {
            await DeleteFolderAsync(layer, CancellationToken.None).ConfigureAwait(false);
            throw new IOException($"The root of {volumeId} could not be copied: {failures.FirstOrDefault()}");
        }

        await File.WriteAllLinesAsync(
            SnapshotOf(snapshotId),
            [snapshotId, .. await File.ReadAllLinesAsync(Path.Combine(disk, Layers), cancellationToken).ConfigureAwait(false)],
            cancellationToken).ConfigureAwait(false);
    }

    public async Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        File.Delete(SnapshotOf(snapshotId));
        await CollectAsync(cancellationToken).ConfigureAwait(false);
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

    private string DiskOf(string volumeId) => Path.Combine(RootsFolder, volumeId);

    private string SnapshotOf(string snapshotId) => Path.Combine(SnapshotsFolder, snapshotId);
}
