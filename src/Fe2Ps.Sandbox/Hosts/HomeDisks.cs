namespace Fe2Ps.Sandbox.Hosts;

/// <summary>The disks of process hosts: a home folder, the host's keys, its console.</summary>
internal sealed class HomeDisks(string stateFolder)
{
    private const string Owner = "instance";

    private string DisksFolder => Path.Combine(stateFolder, "homes");

    private string SnapshotsFolder => Path.Combine(stateFolder, "home-snapshots");

    /// <summary>Where the homes of ended hosts are copied before they are deleted, as in a root of their own; or null.</summary>
    public string? KeepIn { get; init; }

    public string FolderOf(string volumeId) => Path.Combine(DisksFolder, volumeId);

    public string ConsoleOf(string volumeId) => Path.Combine(FolderOf(volumeId), "console");

    public bool Has(string volumeId) => Directory.Exists(FolderOf(volumeId));

    /// <summary>The disk of an instance, or null.</summary>
    public string? Find(string instanceId) => !Directory.Exists(DisksFolder)
        ? null
        : Directory.GetDirectories(DisksFolder)
            .Where(disk => File.Exists(Path.Combine(disk, Owner)) && File.ReadAllText(Path.Combine(disk, Owner)) == instanceId)
            .Select(Path.GetFileName)
            .FirstOrDefault();

    public async Task EnsureAsync(string volumeId, string instanceId, string? snapshotId, CancellationToken cancellationToken)
    {
        if (Has(volumeId))
            return;
        var snapshot = Path.Combine(SnapshotsFolder, snapshotId ?? string.Empty);
        if (snapshotId is not null && !Directory.Exists(snapshot))
            throw new FileNotFoundException($"The snapshot {snapshotId} holds no root that a host could start from.");
        UnixFiles.MakeFolder(DisksFolder, UnixFiles.PassThrough);
        var unfinished = FolderOf(volumeId) + ".new";
        UnixFiles.MakeFolder(unfinished, UnixFiles.PassThrough);
        if (snapshotId is not null)
            await CopyAsync(snapshot, Path.Combine(unfinished, "home"), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(unfinished, Owner), instanceId, cancellationToken).ConfigureAwait(false);
        Directory.Move(unfinished, FolderOf(volumeId));
    }

    public async Task DeleteAsync(string volumeId, CancellationToken cancellationToken)
    {
        if (KeepIn is not null && Has(volumeId))
        {
            var homes = Path.Combine(KeepIn, volumeId, "home");
            Directory.CreateDirectory(homes);
            await CopyAsync(Path.Combine(FolderOf(volumeId), "home"), Path.Combine(homes, "ubuntu"), cancellationToken).ConfigureAwait(false);
        }

        await RemoveAsync(FolderOf(volumeId), cancellationToken).ConfigureAwait(false);
    }

    public async Task FreezeAsync(string volumeId, string snapshotId, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(SnapshotsFolder);
        await CopyAsync(Path.Combine(FolderOf(volumeId), "home"), Path.Combine(SnapshotsFolder, snapshotId), cancellationToken).ConfigureAwait(false);
    }

    public Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken) =>
        RemoveAsync(Path.Combine(SnapshotsFolder, snapshotId), cancellationToken);

    private static Task CopyAsync(string from, string to, CancellationToken cancellationToken) =>
        Commands.RunAsync("cp", ["--archive", "--reflink=auto", "--no-target-directory", from, to], cancellationToken);

    private static async Task RemoveAsync(string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
            await Commands.RunAsync("rm", ["-rf", "--one-file-system", folder], cancellationToken).ConfigureAwait(false);
    }
}
