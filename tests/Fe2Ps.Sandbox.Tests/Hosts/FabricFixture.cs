using System.Collections.Concurrent;
using System.Net;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>One container fabric with a key to log in with, shared by the tests of a class.</summary>
public sealed class FabricFixture : IAsyncLifetime
{
    private static readonly IPNetwork Subnet = IPNetwork.Parse("172.31.0.0/20");
    private readonly string _folder = Directory.CreateTempSubdirectory("hosts-tests-").FullName;
    private int _count;

    public ContainerFabric Fabric { get; private set; } = null!;

    public ConcurrentQueue<HostExit> Exits { get; } = [];

    public string Folder => _folder;

    private Login Login => new(_folder);

    public string StateFolder => Path.Combine(_folder, "state");

    public async Task InitializeAsync()
    {
        if (!ContainerFabric.IsSupported(out _))
            return;
        await Login.MakeKeyAsync();
        Fabric = new ContainerFabric(StateFolder, temporary: true);
        Fabric.Exited += Exits.Enqueue;
        await Fabric.PrepareAsync(null, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        if (Fabric is not null)
            await Fabric.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public HostSpec NewSpec(string? userData = null, string? rootSnapshotId = null, DiskNames disks = DiskNames.Nvme, bool systemd = false)
    {
        var number = Interlocked.Increment(ref _count);
        var address = Fabric.ReservePrivateAddress(Subnet);
        return new HostSpec(
            $"i-{number:x17}",
            "ip-" + address.ToString().Replace('.', '-'),
            address,
            Fabric.ReservePublicAddress(address),
            $"vol-{number:x17}",
            8,
            rootSnapshotId,
            "ubuntu",
            [Login.PublicKey],
            userData is null ? null : System.Text.Encoding.UTF8.GetBytes(userData),
            disks,
            systemd);
    }

    /// <summary>Starts a host that the caller may log in to, and waits for its sshd.</summary>
    public async Task<HostSpec> StartAsync(string? userData = null, string? rootSnapshotId = null, DiskNames disks = DiskNames.Nvme, bool systemd = false)
    {
        var spec = NewSpec(userData, rootSnapshotId, disks, systemd);
        await Fabric.SetIngressAsync(spec.InstanceId, [SshFromCaller], CancellationToken.None);
        await Fabric.StartAsync(spec, CancellationToken.None);
        await UntilSshAsync(spec);
        return spec;
    }

    public IngressRule SshFromCaller => new("tcp", 22, 22, new IPNetwork(Fabric.CallerAddress, 32));

    public Task UntilSshAsync(HostSpec spec) => Login.UntilWorksAsync(spec);

    public Task<string> SshAsync(HostSpec spec, string command) => Login.RunAsync(spec, command);

    internal Task<(int Code, string Output, string Error)> TrySshAsync(HostSpec spec, string command) => Login.TryAsync(spec, command);
}
