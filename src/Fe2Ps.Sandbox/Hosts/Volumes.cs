namespace Fe2Ps.Sandbox.Hosts;

/// <summary>The volume cannot be detached while the host has it mounted; EC2 shows its attachment as busy.</summary>
public sealed class VolumeBusyException(string volumeId, string instanceId)
    : IOException($"{volumeId} is mounted in {instanceId}. Unmount it there, or detach it by force.");

/// <summary>Data volumes and their snapshots: sparse files, shown to hosts as loop devices.</summary>
internal sealed class Volumes(string stateFolder, Func<string, string> containerNameOf)
{
    private readonly Dictionary<string, Attachment> _attached = [];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Standstill _standstill = new();

    private string VolumesFolder => Path.Combine(stateFolder, "volumes");

    private string SnapshotsFolder => Path.Combine(stateFolder, "snapshots");

    public async Task CreateAsync(string volumeId, int sizeGiB, string? snapshotId, CancellationToken cancellationToken)
    {
        var file = FileOf(volumeId);
        if (File.Exists(file))
            return;
        Directory.CreateDirectory(VolumesFolder);
        var unfinished = file + ".new";
        await Task.Run(
            () =>
            {
                if (snapshotId is not null)
                    SparseCopy.Copy(SnapshotOf(snapshotId), unfinished, null, cancellationToken);
                using (var disk = File.OpenHandle(unfinished, FileMode.OpenOrCreate, FileAccess.ReadWrite))
                    RandomAccess.SetLength(disk, Math.Max(RandomAccess.GetLength(disk), (long)sizeGiB << 30));
                File.Move(unfinished, file);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <param name="names">How the host calls its disks; counts where it runs, as <paramref name="pid"/>.</param>
    public async Task AttachAsync(string volumeId, string instanceId, string device, int? pid, DiskNames names, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_attached.TryGetValue(volumeId, out var present))
            {
                if (present.InstanceId == instanceId)
                    return;
                throw new InvalidOperationException($"{volumeId} is attached to {present.InstanceId}.");
            }

            var others = _attached.Values.Where(other => other.InstanceId == instanceId).Select(other => other.Nvme).ToHashSet();
            var nvme = Enumerable.Range(1, 127).First(number => !others.Contains(number));
            var loop = await LoopDevices.AttachAsync(FileOf(volumeId), cancellationToken).ConfigureAwait(false);
            var attachment = new Attachment(volumeId, instanceId, device, loop, nvme);
            try
            {
                await LoopDevices.ReadPartitionsAsync(loop, cancellationToken).ConfigureAwait(false);
                if (pid is { } running)
                    attachment = Show(attachment, running, names);
            }
            catch
            {
                await LoopDevices.DetachAsync(loop, CancellationToken.None).ConfigureAwait(false);
                throw;
            }

            _attached[volumeId] = attachment;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Shows a host that starts the volumes it has. NVMe numbers are given in the order in which devices answer, which nobody may rely on;
    /// here they turn round at each start.
    /// </summary>
    public async Task ShowAllAsync(string instanceId, int pid, DiskNames names, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var own = _attached.Values.Where(one => one.InstanceId == instanceId).OrderByDescending(one => one.Nvme).ToList();
            for (var n = 0; n < own.Count; n++)
            {
                await LoopDevices.ReadPartitionsAsync(own[n].Loop, cancellationToken).ConfigureAwait(false);
                _attached[own[n].VolumeId] = Show(own[n] with { Nvme = n + 1 }, pid, names);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The instance that has the volume, or null.</summary>
    public string? HolderOf(string volumeId)
    {
        _turn.Wait();
        try
        {
            return _attached.GetValueOrDefault(volumeId)?.InstanceId;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="VolumeBusyException">It is mounted and <paramref name="force"/> is false.</exception>
    public async Task DetachAsync(string volumeId, bool force, Func<string, int?> pidOf, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_attached.TryGetValue(volumeId, out var attachment))
                return;
            if (pidOf(attachment.InstanceId) is { } pid)
            {
                if (!force && GuestDevices.IsMounted(pid, attachment.Loop))
                    throw new VolumeBusyException(volumeId, attachment.InstanceId);
                if (attachment.Shown is { } shown)
                    GuestDevices.Remove(pid, containerNameOf(attachment.InstanceId), shown);
            }

            await LoopDevices.DetachAsync(attachment.Loop, cancellationToken).ConfigureAwait(false);
            _attached.Remove(volumeId);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes all volumes from a host that has ended for good.</summary>
    public async Task DetachAllAsync(string instanceId, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var attachment in _attached.Values.Where(one => one.InstanceId == instanceId).ToList())
            {
                await LoopDevices.DetachAsync(attachment.Loop, cancellationToken).ConfigureAwait(false);
                _attached.Remove(attachment.VolumeId);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Grows the volume. The root of a host that has not started yet has no disk here; it is made in its new size.</summary>
    public async Task ResizeAsync(string volumeId, int sizeGiB, CancellationToken cancellationToken)
    {
        if (!File.Exists(FileOf(volumeId)))
            return;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using (var disk = File.OpenHandle(FileOf(volumeId), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
                RandomAccess.SetLength(disk, Math.Max(RandomAccess.GetLength(disk), (long)sizeGiB << 30));
            if (_attached.TryGetValue(volumeId, out var attachment))
                await LoopDevices.GrowAsync(attachment.Loop, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Delete(string volumeId)
    {
        if (HolderOf(volumeId) is { } instanceId)
            throw new InvalidOperationException($"{volumeId} is attached to {instanceId}.");
        if (Directory.Exists(VolumesFolder))
            File.Delete(FileOf(volumeId));
    }

    public async Task SnapshotAsync(
        string snapshotId,
        string volumeId,
        Func<string, int?> pidOf,
        IProgress<int>? percent,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(SnapshotsFolder);
        Attachment? attachment;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            attachment = _attached.GetValueOrDefault(volumeId);
        }
        finally
        {
            _turn.Release();
        }

        try
        {
            if (attachment is not null)
            {
                if (pidOf(attachment.InstanceId) is { } pid)
                    GuestDevices.Flush(pid, attachment.Loop);
                using var device = Kernel.Open($"/dev/loop{attachment.Loop}");
                RandomAccess.FlushToDisk(device);
            }

            var file = SnapshotOf(snapshotId);
            await Task.Run(() => SparseCopy.Copy(FileOf(volumeId), file + ".new", percent, cancellationToken), cancellationToken).ConfigureAwait(false);
            File.Move(file + ".new", file, overwrite: true);
        }
        finally
        {
            if (attachment is not null)
                _standstill.End(containerNameOf(attachment.InstanceId));
        }
    }

    /// <summary>From now on nobody writes to the volume, until a snapshot of it is copied.</summary>
    public void HoldStill(string volumeId)
    {
        if (HolderOf(volumeId) is { } instanceId)
            _standstill.Begin(containerNameOf(instanceId));
    }

    /// <summary>What a host that is about to end cannot do any more itself: what stands still cannot end, and what is frozen would stay so.</summary>
    /// <param name="powerFails">Whether what is not written yet is lost.</param>
    public async Task LetGoAsync(string instanceId, int pid, bool powerFails, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var attachment in _attached.Values.Where(one => one.InstanceId == instanceId))
            {
                GuestDevices.Thaw(pid, attachment.Loop);
                if (powerFails)
                    GuestDevices.CutOff(pid, attachment.Loop);
            }

            _standstill.Release(containerNameOf(instanceId));
        }
        finally
        {
            _turn.Release();
        }
    }

    public void DeleteSnapshot(string snapshotId)
    {
        if (Directory.Exists(SnapshotsFolder))
            File.Delete(SnapshotOf(snapshotId));
    }

    /// <summary>Frees all loop devices; the hosts have ended.</summary>
    public async Task ReleaseAllAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var attachment in _attached.Values)
                await LoopDevices.DetachAsync(attachment.Loop, cancellationToken).ConfigureAwait(false);
            _attached.Clear();
        }
        finally
        {
            _turn.Release();
        }
    }

    private Attachment Show(Attachment attachment, int pid, DiskNames names)
    {
        var shown = ShownDisk.Of(attachment.Loop, attachment.VolumeId, attachment.Device, attachment.Nvme, names);
        GuestDevices.Add(pid, containerNameOf(attachment.InstanceId), shown);
        return attachment with { Shown = shown };
    }

    private string FileOf(string volumeId) => Path.Combine(VolumesFolder, volumeId);

    private string SnapshotOf(string snapshotId) => Path.Combine(SnapshotsFolder, snapshotId);

    /// <param name="Device">As it was ordered: /dev/sdf.</param>
    /// <param name="Nvme">Its number on a host with NVMe devices, from 1.</param>
    private sealed record Attachment(string VolumeId, string InstanceId, string Device, int Loop, int Nvme)
    {
        /// <summary>What the host shows, or showed last.</summary>
        public ShownDisk? Shown { get; init; }
    }
}
