using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>No hosts at all: addresses are handed out, everything else only appears to happen.</summary>
internal sealed class NoFabric : IHostFabric
{
    private readonly Lock _lock = new();
    private readonly HashSet<IPAddress> _used = [];
    private uint _public;

    public event Action<HostExit>? Exited;

    public HostKind Kind => HostKind.None;

    public IReadOnlyList<string> Limits { get; } = ["There are no hosts: instances are records, and nothing answers at their addresses."];

    public IPAddress CallerAddress { get; } = IPAddress.Parse("198.51.100.7");

    public Socket? MetadataSocket => null;

    public Task PrepareAsync(IProgress<string>? progress, CancellationToken cancellationToken) => Task.CompletedTask;

    public IPAddress ReservePrivateAddress(IPNetwork subnet)
    {
        lock (_lock)
        {
            var first = Number(subnet.BaseAddress) + 4;
            var last = Number(subnet.BaseAddress) + (1u << (32 - subnet.PrefixLength)) - 2;
            for (var number = first; number <= last; number++)
            {
                if (_used.Add(Address(number)))
                    return Address(number);
            }

            throw new InvalidOperationException($"The subnet {subnet} has no free address.");
        }
    }

    public IPAddress ReservePublicAddress(IPAddress privateAddress)
    {
        lock (_lock)
        {
            // 198.18.0.0/15 is set aside for benchmarks (RFC 2544) and never routed.
            while (true)
            {
                var address = Address(0xC6120000u + 1 + (_public++ % 0x1FFF0));
                if (_used.Add(address))
                    return address;
            }
        }
    }

    public void ReleaseAddress(IPAddress address)
    {
        lock (_lock)
            _used.Remove(address);
    }

    public Task StartAsync(HostSpec spec, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(string instanceId, bool force, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task RebootAsync(string instanceId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DestroyAsync(string instanceId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetNetworkAsync(string instanceId, bool connected, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task KillAsync(string instanceId, CancellationToken cancellationToken)
    {
        Exited?.Invoke(new HostExit(instanceId, HostExitReason.Killed));
        return Task.CompletedTask;
    }

    public Task SetIngressAsync(string instanceId, IReadOnlyList<IngressRule> rules, CancellationToken cancellationToken) => Task.CompletedTask;

    public string ConsoleOutput(string instanceId) => "";

    public Task CreateVolumeAsync(string volumeId, int sizeGiB, string? snapshotId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AttachVolumeAsync(string volumeId, string instanceId, string device, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DetachVolumeAsync(string volumeId, bool force, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ResizeVolumeAsync(string volumeId, int sizeGiB, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DeleteVolumeAsync(string volumeId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task CreateSnapshotAsync(string snapshotId, string volumeId, IProgress<int>? percent, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static uint Number(IPAddress address) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static IPAddress Address(uint number)
    {
        var bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
