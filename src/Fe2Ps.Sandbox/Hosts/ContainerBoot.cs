namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Puts a container together from disk, boot files, network and volumes, and takes it apart again.</summary>
internal sealed class ContainerBoot(Claim claim, RootDisks roots, Containers containers, HostNetwork network, Volumes volumes)
{
    /// <summary>Makes a container that is ready to start.</summary>
    /// <returns>The id of its first process, which waits.</returns>
    public async Task<int> MakeAsync(HostSpec spec, CancellationToken cancellationToken)
    {
        var bundle = BundleOf(spec.InstanceId);
        var console = roots.ConsoleOf(spec.RootVolumeId);
        await roots.EnsureAsync(spec.RootVolumeId, spec.InstanceId, spec.RootSizeGiB, spec.RootSnapshotId, spec.Systemd, cancellationToken).ConfigureAwait(false);
        var systemd = roots.HasSystemd(spec.RootVolumeId);
        if (systemd && Systemd.WhyNot() is { } reason)
            throw new PlatformNotSupportedException(reason);
        ConsoleFile.Ensure(console);
        roots.Mount(spec.RootVolumeId, Path.Combine(bundle, "rootfs"));
        BootFiles.Write(bundle, spec);
        Bundle.Write(bundle, containers.NameOf(spec.InstanceId), spec.HostName, console, !GuestDevices.CanAllowOneByOne, systemd);
        var pid = await containers.CreateAsync(spec.InstanceId, bundle, console, cancellationToken).ConfigureAwait(false);
        await network.JoinAsync(spec.InstanceId, pid, spec.PrivateAddress, spec.PublicAddress, cancellationToken).ConfigureAwait(false);
        await volumes.ShowAllAsync(spec.InstanceId, pid, spec.Disks, cancellationToken).ConfigureAwait(false);
        return pid;
    }

    /// <summary>Why a host ended, by the note that its first process leaves when it shuts down.</summary>
    /// <param name="restart">Whether it is to start again: systemd ends with its container, the small init goes on in it.</param>
    public HostExitReason ReadReason(string instanceId, out bool restart)
    {
        var note = new FileInfo(Path.Combine(BundleOf(instanceId), "ended"));
        var text = note.Exists ? File.ReadAllText(note.FullName).Trim() : "";
        restart = text is "reboot" or "kexec";
        return text.Length > 0 ? HostExitReason.Shutdown : HostExitReason.Killed;
    }

    /// <summary>Takes away what there is of a container; its disk stays.</summary>
    public async Task CleanUpAsync(string instanceId)
    {
        var bundle = BundleOf(instanceId);
        await containers.DeleteAsync(instanceId, CancellationToken.None).ConfigureAwait(false);
        await network.LeaveAsync(instanceId, CancellationToken.None).ConfigureAwait(false);
        Kernel.Unmount(Path.Combine(bundle, "rootfs"));
        if (Directory.Exists(bundle))
            Directory.Delete(bundle, recursive: true);
    }

    private string BundleOf(string instanceId) => Path.Combine(claim.HostsFolder, instanceId);
}
