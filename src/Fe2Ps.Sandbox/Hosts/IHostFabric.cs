using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>How real the hosts are.</summary>
public enum HostKind
{
    /// <summary>No hosts: the API alone.</summary>
    None,

    /// <summary>A plain sshd per instance on an address of 127/8.</summary>
    Process,

    /// <summary>An OCI container with its own root, network namespace, sshd and devices.</summary>
    Container,
}

/// <summary>
/// The machines behind the instances: hosts, disks, addresses. The services decide what should be; the fabric makes it so.
/// Every method is safe to call from several threads, and calling it again after it succeeded does no harm.
/// </summary>
public interface IHostFabric : IAsyncDisposable
{
    HostKind Kind { get; }

    /// <summary>What this kind of host cannot show, one sentence each; empty for containers.</summary>
    IReadOnlyList<string> Limits { get; }

    /// <summary>The address from which the caller's own traffic reaches the hosts: what a "what is my address" service would answer.</summary>
    IPAddress CallerAddress { get; }

    /// <summary>A listening socket on 169.254.169.254:80 as the hosts see it, or null where there is none. Callers are told apart by their private address.</summary>
    Socket? MetadataSocket { get; }

    /// <summary>Removes what a crashed sandbox left behind, then makes the base root (once a machine) and the network.</summary>
    Task PrepareAsync(IProgress<string>? progress, CancellationToken cancellationToken);

    /// <summary>A free private address within the subnet (in process mode: of 127/8).</summary>
    IPAddress ReservePrivateAddress(IPNetwork subnet);

    /// <summary>A free public address (in process mode: the private one).</summary>
    IPAddress ReservePublicAddress(IPAddress privateAddress);

    void ReleaseAddress(IPAddress address);

    /// <summary>Makes the host's root from its image and starts it, or starts a stopped one again with its disk as it was, a hibernated one with its memory too. Returns once init runs; sshd follows.</summary>
    Task StartAsync(HostSpec spec, CancellationToken cancellationToken);

    /// <summary>Stops the host: an orderly shutdown unless <paramref name="force"/>; the disk stays.</summary>
    Task StopAsync(string instanceId, bool force, CancellationToken cancellationToken);

    /// <summary>
    /// Stands the host still with its memory and takes it off the network, until <see cref="StartAsync"/>; false where that cannot be
    /// done: nothing has happened then.
    /// </summary>
    Task<bool> HibernateAsync(string instanceId, CancellationToken cancellationToken) => Task.FromResult(false);

    Task RebootAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>Ends the host and removes its root disk.</summary>
    Task DestroyAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>Raised when a host ended without <see cref="StopAsync"/> or <see cref="DestroyAsync"/>: shut down from inside, or killed.</summary>
    event Action<HostExit>? Exited;

    /// <summary>Fault: cuts the host from the network, or joins it again.</summary>
    Task SetNetworkAsync(string instanceId, bool connected, CancellationToken cancellationToken);

    /// <summary>Fault: the power fails. The disk keeps what was synced; <see cref="Exited"/> follows.</summary>
    Task KillAsync(string instanceId, CancellationToken cancellationToken);

    /// <summary>Which traffic may reach the host; traffic of connections it opened itself always may.</summary>
    Task SetIngressAsync(string instanceId, IReadOnlyList<IngressRule> rules, CancellationToken cancellationToken);

    /// <summary>What the host wrote on its console so far, host key fingerprints in cloud-init's form included.</summary>
    string ConsoleOutput(string instanceId);

    Task CreateVolumeAsync(string volumeId, int sizeGiB, string? snapshotId, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the volume appear in the host: on Xen as <paramref name="device"/>, with NVMe under the next free number and by a link with the
    /// volume's serial; with the partitions that its table names.
    /// </summary>
    Task AttachVolumeAsync(string volumeId, string instanceId, string device, CancellationToken cancellationToken);

    Task DetachVolumeAsync(string volumeId, bool force, CancellationToken cancellationToken);

    Task ResizeVolumeAsync(string volumeId, int sizeGiB, CancellationToken cancellationToken);

    Task DeleteVolumeAsync(string volumeId, CancellationToken cancellationToken);

    /// <summary>From now until a snapshot of the volume is copied nobody writes to it, where the hosts can be made to: a snapshot is of the moment of its order.</summary>
    void HoldStill(string volumeId)
    {
    }

    /// <summary>Copies a volume's present state. A root volume (known by <see cref="HostSpec.RootVolumeId"/>) is copied as its layers.</summary>
    Task CreateSnapshotAsync(string snapshotId, string volumeId, IProgress<int>? percent, CancellationToken cancellationToken);

    Task DeleteSnapshotAsync(string snapshotId, CancellationToken cancellationToken);
}

/// <summary>A host to start.</summary>
/// <param name="RootSnapshotId">The snapshot of a frozen root (from <see cref="IHostFabric.CreateSnapshotAsync"/>), or null for the base root of the image family.</param>
/// <param name="AuthorizedKeys">Public keys for the login user, OpenSSH form.</param>
/// <param name="UserData">Raw user data (decoded from base64), or null.</param>
/// <param name="Disks">How the host calls its volumes.</param>
/// <param name="Systemd">Whether a new root is one that systemd starts (containers only).</param>
public sealed record HostSpec(
    string InstanceId,
    string HostName,
    IPAddress PrivateAddress,
    IPAddress? PublicAddress,
    string RootVolumeId,
    int RootSizeGiB,
    string? RootSnapshotId,
    string LoginUser,
    IReadOnlyList<string> AuthorizedKeys,
    byte[]? UserData,
    DiskNames Disks = DiskNames.Nvme,
    bool Systemd = false);

/// <summary>Why a host ended.</summary>
public enum HostExitReason
{
    /// <summary>Shut down from inside: <c>shutdown -h now</c>, <c>systemctl poweroff</c>.</summary>
    Shutdown,

    /// <summary>Its first process died or was killed.</summary>
    Killed,
}

public sealed record HostExit(string InstanceId, HostExitReason Reason);

/// <summary>One allowed kind of traffic. Protocol: tcp, udp, icmp or -1 for all; ports inclusive.</summary>
public sealed record IngressRule(string Protocol, int FromPort, int ToPort, IPNetwork Source);
