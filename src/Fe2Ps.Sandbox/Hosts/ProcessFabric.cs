using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Hosts as plain processes: an sshd each, on port 22 of an address of 127/8. For machines that allow no containers.</summary>
public sealed class ProcessFabric : IHostFabric
{
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, Host> _hosts = new();
    private readonly AddressPool _addresses = new();
    private readonly HomeDisks _disks;
    private readonly Volumes _volumes;
    private readonly Claim _claim;
    private readonly string _stateFolder;
    private readonly bool _temporary;
    private readonly bool _isolated;
    private readonly TimeProvider _time;
    private bool _disposed;

    /// <param name="stateFolder">Where disks, volumes and snapshots are kept.</param>
    /// <param name="temporary">Whether that folder is removed at the end.</param>
    /// <param name="isolated">Whether hosts get mounts and processes of their own; null: if this machine lets them.</param>
    /// <param name="keepDisks">Where the homes of ended hosts are kept, below the volume's id; null deletes them as EC2 does.</param>
    public ProcessFabric(string stateFolder, bool temporary, bool? isolated = null, TimeProvider? time = null, string? keepDisks = null)
    {
        _stateFolder = Path.GetFullPath(stateFolder);
        _temporary = temporary;
        _isolated = isolated ?? ProcessSupport.CanIsolate;
        _time = time ?? TimeProvider.System;
        UnixFiles.MakeFolder(_stateFolder, UnixFiles.PassThrough);
        _claim = Claim.Take(_stateFolder, temporary);
        _disks = new HomeDisks(_stateFolder) { KeepIn = keepDisks };
        _volumes = new Volumes(_stateFolder, id => id);
        Limits =
        [
            "Security groups are not enforced: every local process reaches every host.",
            "Volumes are kept but do not appear in the hosts.",
            "There is no instance metadata service.",
            "The root of a host is this machine's; an image or a root snapshot is a home folder.",
            .. ProcessSupport.HasSudo(_isolated) ? Array.Empty<string>() : ["sudo runs a command without changing the user."],
            .. _isolated ? Array.Empty<string>() : ["Hosts share this machine's processes and files; user data is not run."],
        ];
    }

    public event Action<HostExit>? Exited;

    public HostKind Kind => HostKind.Process;

    public IReadOnlyList<string> Limits { get; }

    public IPAddress CallerAddress => IPAddress.Loopback;

    public Socket? MetadataSocket => null;

    /// <summary>What everything of this sandbox on this machine is named by.</summary>
    internal string Id => _claim.Id;

    // As many addresses for each sandbox as it has public ones in the container kind, by the same number.
    private uint FirstAddress => (127u << 24) | (18u << 16) | ((uint)_claim.Block << 10);

    /// <summary>Whether this machine can run processes as hosts for us; if not, <paramref name="reason"/> is a sentence for the user.</summary>
    public static bool IsSupported(out string reason) => ProcessSupport.Check(out reason);

    public Task PrepareAsync(IProgress<string>? progress, CancellationToken cancellationToken) => Sweep.AbandonedAsync(progress, cancellationToken);

    public IPAddress ReservePrivateAddress(IPNetwork subnet) => _addresses.Reserve(FirstAddress + 16, FirstAddress + 1022);

    public IPAddress ReservePublicAddress(IPAddress privateAddress)
    {
        _addresses.Share(privateAddress);
        return privateAddress;
    }

    public void ReleaseAddress(IPAddress address) => _addresses.Release(address);

    public async Task StartAsync(HostSpec spec, CancellationToken cancellationToken)
    {
        var host = _hosts.GetOrAdd(spec.InstanceId, _ => new Host());
        await host.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (host.Running is not null)
                return;
            _addresses.Take(spec.PrivateAddress);
            await _disks.EnsureAsync(spec.RootVolumeId, spec.InstanceId, spec.RootSnapshotId, cancellationToken).ConfigureAwait(false);
            var folder = Path.Combine(_claim.HostsFolder, spec.InstanceId);
            UnixFiles.MakeFolder(_claim.HostsFolder, UnixFiles.PassThrough);
            var environment = ProcessFiles.Write(folder, _disks.FolderOf(spec.RootVolumeId), _claim.Id, spec, _isolated);
            var console = _disks.ConsoleOf(spec.RootVolumeId);
            ConsoleFile.Ensure(console);
            var run = new Run(ProcessHosts.Start(folder, console, environment, _isolated), folder);
            host.Running = run;
            _ = OnEndedAsync(spec.InstanceId, host, run);
        }
        finally
        {
            host.Turn.Release();
        }
    }

    public async Task StopAsync(string instanceId, bool force, CancellationToken cancellationToken)
    {
        if (await ExpectEndAsync(instanceId, cancellationToken).ConfigureAwait(false) is not { } run)
            return;
        if (!force)
        {
            Signal(run, Kernel.Terminate);
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

        KillAll(instanceId, run);
        await run.Ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task RebootAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (RunOf(instanceId) is { } run)
            Signal(run, Kernel.User2);
        return Task.CompletedTask;
    }

    public async Task DestroyAsync(string instanceId, CancellationToken cancellationToken)
    {
        await StopAsync(instanceId, force: true, cancellationToken).ConfigureAwait(false);
        _hosts.TryRemove(instanceId, out _);
        if (_disks.Find(instanceId) is { } volumeId)
            await _disks.DeleteAsync(volumeId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A cut host's programs are held: its connections hang as they do when a cable is pulled.</summary>
    public Task SetNetworkAsync(string instanceId, bool connected, CancellationToken cancellationToken)
    {
        if (RunOf(instanceId) is { } run)
            ProcessHosts.SignalAll(ProcessHosts.WithDescendants(run.Process.Id).Where(IsSshd), connected ? Kernel.Continue : Kernel.Halt);
        return Task.CompletedTask;
    }

    public async Task KillAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (RunOf(instanceId) is not { } run)
            return;
        KillAll(instanceId, run);
        await run.Ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task SetIngressAsync(string instanceId, IReadOnlyList<IngressRule> rules, CancellationToken cancellationToken) => Task.CompletedTask;

    public string ConsoleOutput(string instanceId) =>
        _disks.Find(instanceId) is { } volumeId ? ConsoleFile.ReadEnd(_disks.ConsoleOf(volumeId)) : string.Empty;

    public Task CreateVolumeAsync(string volumeId, int sizeGiB, string? snapshotId, CancellationToken cancellationToken) =>
        _volumes.CreateAsync(volumeId, sizeGiB, snapshotId, cancellationToken);

    public Task AttachVolumeAsync(string volumeId, string instanceId, string device, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DetachVolumeAsync(string volumeId, bool force, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ResizeVolumeAsync(string volumeId, int sizeGiB, CancellationToken cancellationToken) =>
        _volumes.ResizeAsync(volumeId, sizeGiB, cancellationToken);

    public Task DeleteVolumeAsync(string volumeId, CancellationToken cancellationToken)
    {
        if (_disks.Has(volumeId))
            return _disks.DeleteAsync(volumeId, cancellationToken);
        _volumes.Delete(volumeId);
        return Task.CompletedTask;
    }

    public async Task CreateSnapshotAsync(string snapshotId, string volumeId, IProgress<int>? percent, CancellationToken cancellationToken)
    {
        if (!_disks.Has(volumeId))
        {
            await _volumes.SnapshotAsync(snapshotId, volumeId, _ => null, percent, cancellationToken).ConfigureAwait(false);
            return;
        }

        percent?.Report(0);
        await _disks.FreezeAsync(volumeId, snapshotId, cancellationToken).ConfigureAwait(false);
        percent?.Report(100);
    }

    public async Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken)
    {
        await _disks.DeleteSnapshotAsync(snapshotId, cancellationToken).ConfigureAwait(false);
        _volumes.DeleteSnapshot(snapshotId);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await Task.WhenAll(_hosts.Keys.Select(id => StopAsync(id, force: true, CancellationToken.None))).ConfigureAwait(false);
        await Sweep.RemoveAsync(_claim.Id, _stateFolder, _temporary, CancellationToken.None).ConfigureAwait(false);
        _claim.Dispose();
    }

    private static bool IsSshd(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").StartsWith("sshd", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>To the host's own first process, which in isolation is the only child of ours.</summary>
    private void Signal(Run run, int signal)
    {
        var first = _isolated ? ProcessHosts.WithDescendants(run.Process.Id).SkipLast(1).LastOrDefault(run.Process.Id) : run.Process.Id;
        ProcessHosts.SignalAll([first], signal);
    }

    private void KillAll(string instanceId, Run run) =>
        ProcessHosts.SignalAll(
            ProcessHosts.WithDescendants(run.Process.Id).Reverse().Concat(ProcessHosts.Find(ProcessFiles.Mark(_claim.Id, instanceId) + '\0')),
            Kernel.Kill);

    private Run? RunOf(string instanceId) => _hosts.TryGetValue(instanceId, out var host) ? host.Running : null;

    private async Task<Run?> ExpectEndAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (!_hosts.TryGetValue(instanceId, out var host))
            return null;
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

    private async Task OnEndedAsync(string instanceId, Host host, Run run)
    {
        await run.Process.WaitForExitAsync().ConfigureAwait(false);
        await host.Turn.WaitAsync().ConfigureAwait(false);
        var reason = File.Exists(Path.Combine(run.Folder, "ended")) ? HostExitReason.Shutdown : HostExitReason.Killed;
        ProcessHosts.SignalAll(ProcessHosts.Find(ProcessFiles.Mark(_claim.Id, instanceId) + '\0'), Kernel.Kill);
        try
        {
            Directory.Delete(run.Folder, recursive: true);
        }
        finally
        {
            host.Running = null;
            host.Turn.Release();
            run.Process.Dispose();
            run.Ended.SetResult();
        }

        if (!run.EndIsExpected)
            Exited?.Invoke(new HostExit(instanceId, reason));
    }

    private sealed class Host
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public Run? Running { get; set; }
    }

    private sealed class Run(Process process, string folder)
    {
        public Process Process { get; } = process;

        public string Folder { get; } = folder;

        public bool EndIsExpected { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
