using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Hosts as containers: each with its own root, processes, network and devices. Needs Linux and root.</summary>
public sealed class ContainerFabric : IHostFabric
{
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, ContainerHost> _hosts = new();
    private readonly AddressPool _addresses = new();
    private readonly ExitWatch _exits = new();
    private readonly string _stateFolder;
    private readonly bool _temporary;
    private readonly RootDisks _roots;
    private readonly Claim _claim;
    private readonly Containers _containers;
    private readonly Volumes _volumes;
    private readonly HostNetwork _network;
    private readonly ContainerBoot _boot;
    private readonly TimeProvider _time;
    private bool _disposed;

    /// <param name="stateFolder">Where disks, volumes and snapshots are kept.</param>
    /// <param name="temporary">Whether that folder is removed at the end (and by the next sandbox's start, should this one crash).</param>
    /// <param name="keepDisks">Where what ended hosts had changed on their root disks is kept, below the volume's id; null deletes it as EC2 does.</param>
    public ContainerFabric(string stateFolder, bool temporary, TimeProvider? time = null, string? keepDisks = null)
    {
        _stateFolder = Path.GetFullPath(stateFolder);
        _temporary = temporary;
        _time = time ?? TimeProvider.System;
        UnixFiles.MakePrivateFolder(_stateFolder);
        _claim = Claim.Take(_stateFolder, temporary);
        _roots = new RootDisks(_stateFolder, _claim.DisksFolder) { KeepIn = keepDisks };
        _containers = new Containers(_claim);
        _volumes = new Volumes(_stateFolder, _containers.NameOf);
        _network = new HostNetwork(_claim);
        _boot = new ContainerBoot(_claim, _roots, _containers, _network, _volumes);
    }

    public event Action<HostExit>? Exited;

    public HostKind Kind => HostKind.Container;

    public IReadOnlyList<string> Limits { get; } =
    [
        .. Bundle.HasResourceRight ? Array.Empty<string>() : ["This machine withholds CAP_SYS_RESOURCE: an ext4 file system does not grow while it is mounted (xfs does)."],
        .. Systemd.WhyNot() is { } reason ? new[] { reason } : [],
        .. GuestDevices.CanAllowOneByOne ? Array.Empty<string>() : ["This machine has no device cgroups of version 1: hosts show their disks, but no partitions of them."],
    ];

    /// <summary>What everything of this sandbox on this machine is named by.</summary>
    internal string Id => _claim.Id;

    public IPAddress CallerAddress => _network.CallerAddress;

    public Socket? MetadataSocket { get; private set; }

    /// <summary>Whether this machine can run containers for us; if not, <paramref name="reason"/> is a sentence for the user.</summary>
    public static bool IsSupported(out string reason) => ContainerSupport.Check(out reason);

    public async Task PrepareAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (MetadataSocket is not null)
            return;
        await Sweep.AbandonedAsync(progress, cancellationToken).ConfigureAwait(false);
        _roots.UseBase(await BaseRoot.EnsureAsync(systemd: false, progress, cancellationToken).ConfigureAwait(false));
        await _network.CreateAsync(cancellationToken).ConfigureAwait(false);
        MetadataSocket = _network.ListenForMetadata();
    }

    public IPAddress ReservePrivateAddress(IPNetwork subnet)
    {
        // EC2 keeps the first four addresses of a subnet and the last one for itself.
        var first = HostNetwork.ToNumber(subnet.BaseAddress) + 4;
        return _addresses.Reserve(first, first + (uint)((1L << (32 - subnet.PrefixLength)) - 6));
    }

    public IPAddress ReservePublicAddress(IPAddress privateAddress) => _addresses.Reserve(_network.FirstPublic, _network.LastPublic);

    public void ReleaseAddress(IPAddress address) => _addresses.Release(address);

    public async Task StartAsync(HostSpec spec, CancellationToken cancellationToken)
    {
        var host = _hosts.GetOrAdd(spec.InstanceId, _ => new ContainerHost(spec));
        await host.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (host.Running is not null && !host.Sleeps)
                return;
            host.Spec = spec;
            _addresses.Take(spec.PrivateAddress);
            if (spec.PublicAddress is not null)
                _addresses.Take(spec.PublicAddress);
            if (host.Running is not null)
            {
                await _network.ReaddressAsync(spec.InstanceId, spec.PublicAddress, cancellationToken).ConfigureAwait(false);
                Awake(host);
                return;
            }

            await BootAsync(host, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            host.Turn.Release();
        }
    }

    public async Task StopAsync(string instanceId, bool force, CancellationToken cancellationToken)
    {
        if (!_hosts.TryGetValue(instanceId, out var host))
            return;
        var run = await ExpectEndAsync(host, cancellationToken).ConfigureAwait(false);
        if (run is null)
            return;
        if (!force && !host.Sleeps && Systemd.SignalEnd(run))
        {
            try
            {
                await run.Ended.Task.WaitAsync(ShutdownTime, _time, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException)
            {
                // It does not want to; the power goes.
            }
        }

        await _volumes.LetGoAsync(instanceId, run.Pid, powerFails: false, cancellationToken).ConfigureAwait(false);
        Kernel.Signal(run.Process, Kernel.Kill);
        Awake(host);
        await run.Ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> HibernateAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (!_hosts.TryGetValue(instanceId, out var host))
            return false;
        await host.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (host.Running is null || host.Sleeps || !Standstill.Freeze(_containers.NameOf(instanceId)))
                return false;
            host.Sleeps = true;
            await _network.ReaddressAsync(instanceId, null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            host.Turn.Release();
        }
    }

    public Task RebootAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (RunOf(instanceId) is { } run)
            Systemd.SignalRestart(run);
        return Task.CompletedTask;
    }

    public async Task DestroyAsync(string instanceId, CancellationToken cancellationToken)
    {
        await StopAsync(instanceId, force: true, cancellationToken).ConfigureAwait(false);
        _hosts.TryRemove(instanceId, out _);
        _network.Forget(instanceId);
        await _volumes.DetachAllAsync(instanceId, cancellationToken).ConfigureAwait(false);
        if (_roots.FindDisk(instanceId) is { } volumeId)
            await _roots.DeleteAsync(volumeId, cancellationToken).ConfigureAwait(false);
    }

    public Task SetNetworkAsync(string instanceId, bool connected, CancellationToken cancellationToken) =>
        _network.SetConnectedAsync(instanceId, connected, cancellationToken);

    public async Task KillAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (RunOf(instanceId) is not { } run)
            return;
        await _volumes.LetGoAsync(instanceId, run.Pid, powerFails: true, cancellationToken).ConfigureAwait(false);
        Kernel.Signal(run.Process, Kernel.Kill);
        await run.Ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task SetIngressAsync(string instanceId, IReadOnlyList<IngressRule> rules, CancellationToken cancellationToken) =>
        _network.SetIngressAsync(instanceId, rules, cancellationToken);

    public string ConsoleOutput(string instanceId)
    {
        var volumeId = _hosts.TryGetValue(instanceId, out var host) ? host.Spec.RootVolumeId : _roots.FindDisk(instanceId);
        return volumeId is null ? string.Empty : ConsoleFile.ReadEnd(_roots.ConsoleOf(volumeId));
    }

    public Task CreateVolumeAsync(string volumeId, int sizeGiB, string? snapshotId, CancellationToken cancellationToken) =>
        _volumes.CreateAsync(volumeId, sizeGiB, snapshotId, cancellationToken);

    public async Task AttachVolumeAsync(string volumeId, string instanceId, string device, CancellationToken cancellationToken)
    {
        if (!_hosts.TryGetValue(instanceId, out var host))
        {
            await _volumes.AttachAsync(volumeId, instanceId, device, null, DiskNames.Nvme, cancellationToken).ConfigureAwait(false);
            return;
        }

        await host.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _volumes.AttachAsync(volumeId, instanceId, device, host.Running?.Pid, host.Spec.Disks, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            host.Turn.Release();
        }
    }

    public Task DetachVolumeAsync(string volumeId, bool force, CancellationToken cancellationToken) =>
        _volumes.DetachAsync(volumeId, force, PidOf, cancellationToken);

    public Task ResizeVolumeAsync(string volumeId, int sizeGiB, CancellationToken cancellationToken) =>
        _roots.HasDisk(volumeId) ? _roots.ResizeAsync(volumeId, sizeGiB, cancellationToken) : _volumes.ResizeAsync(volumeId, sizeGiB, cancellationToken);

    public async Task DeleteVolumeAsync(string volumeId, CancellationToken cancellationToken)
    {
        if (_roots.HasDisk(volumeId))
            await _roots.DeleteAsync(volumeId, cancellationToken).ConfigureAwait(false);
        else
            _volumes.Delete(volumeId);
    }

    public void HoldStill(string volumeId)
    {
        if (!_roots.HasDisk(volumeId))
            _volumes.HoldStill(volumeId);
    }

    public async Task CreateSnapshotAsync(string snapshotId, string volumeId, IProgress<int>? percent, CancellationToken cancellationToken)
    {
        if (!_roots.HasDisk(volumeId))
        {
            await _volumes.SnapshotAsync(snapshotId, volumeId, PidOf, percent, cancellationToken).ConfigureAwait(false);
            return;
        }

        percent?.Report(0);
        await _roots.FreezeAsync(volumeId, snapshotId, cancellationToken).ConfigureAwait(false);
        percent?.Report(100);
    }

    public async Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        if (_roots.HasSnapshot(snapshotId))
            await _roots.DeleteSnapshotAsync(snapshotId, cancellationToken).ConfigureAwait(false);
        else
            _volumes.DeleteSnapshot(snapshotId);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        MetadataSocket?.Dispose();
        await Task.WhenAll(_hosts.Keys.Select(id => StopAsync(id, force: true, CancellationToken.None))).ConfigureAwait(false);
        _exits.Dispose();
        await _volumes.ReleaseAllAsync(CancellationToken.None).ConfigureAwait(false);
        await Sweep.RemoveAsync(_claim.Id, _stateFolder, _temporary, CancellationToken.None).ConfigureAwait(false);
        _claim.Dispose();
    }

    private ContainerHost.Run? RunOf(string instanceId) => _hosts.TryGetValue(instanceId, out var host) ? host.Running : null;

    private int? PidOf(string instanceId) => RunOf(instanceId)?.Pid;

    private void Awake(ContainerHost host)
    {
        if (!host.Sleeps)
            return;
        host.Sleeps = false;
        Standstill.Thaw(_containers.NameOf(host.Spec.InstanceId));
    }

    private static async Task<ContainerHost.Run?> ExpectEndAsync(ContainerHost host, CancellationToken cancellationToken)
    {
        await host.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (host.Running is { } run)
                run.EndIsExpected = true;
            return host.Running;
        }
        finally
        {
            host.Turn.Release();
        }
    }

    private async Task BootAsync(ContainerHost host, CancellationToken cancellationToken)
    {
        var id = host.Spec.InstanceId;
        try
        {
            var pid = await _boot.MakeAsync(host.Spec, cancellationToken).ConfigureAwait(false);
            var run = new ContainerHost.Run(pid, Kernel.OpenProcess(pid) ?? throw new IOException($"The first process of {id} died at once."));
            _exits.Watch(run.Process, () => _ = OnEndedAsync(host, run));
            host.Running = run;
            await _containers.StartAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch when (host.Running is { } run)
        {
            // Its end is noticed and cleaned up like any other, but nobody asked about it.
            run.EndIsExpected = true;
            Kernel.Signal(run.Process, Kernel.Kill);
            throw;
        }
        catch
        {
            await _boot.CleanUpAsync(id).ConfigureAwait(false);
            throw;
        }
    }

    private async Task OnEndedAsync(ContainerHost host, ContainerHost.Run run)
    {
        var id = host.Spec.InstanceId;
        var reason = HostExitReason.Killed;
        var restarted = false;
        await host.Turn.WaitAsync().ConfigureAwait(false);
        try
        {
            reason = _boot.ReadReason(id, out var restart);
            await _boot.CleanUpAsync(id).ConfigureAwait(false);
            host.Running = null;
            // Within the same turn: whoever wants to stop it finds it running again.
            if (restart && !run.EndIsExpected)
            {
                await BootAsync(host, CancellationToken.None).ConfigureAwait(false);
                restarted = true;
            }
        }
        catch (Exception error) when (error is IOException or CommandFailedException)
        {
            // It does not start again, and has ended.
        }
        finally
        {
            if (!restarted)
                host.Running = null;
            host.Turn.Release();
            run.Process.Dispose();
            run.Ended.SetResult();
        }

        if (!run.EndIsExpected && !restarted)
            Exited?.Invoke(new HostExit(id, reason));
    }
}
