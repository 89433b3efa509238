using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>The sandbox with real hosts: <c>od1</c> and <c>od2</c> in one zone, <c>far</c> in another. Their volumes are real block devices.</summary>
public sealed class StorageFixture : SandboxFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-storage-");

    internal Fe2Session Session { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    internal Reports Reports { get; } = new();

    internal VolumeMaker Maker => new(Session, Connector, Reports);

    internal VolumeMounter Mounter => new(Session, Connector, Reports);

    internal SnapshotMaker Snapshots => new(Session, Connector, Reports);

    internal VolumeQuery Query => new(Session);

    protected override SandboxOptions Options => new(Program) { Hosts = SandboxHosts.Container, Speed = SandboxSpeed.Fast };

    public override async Task InitializeAsync()
    {
        if (!HostedFactAttribute.IsHere)
            return;
        await base.InitializeAsync();
        Session = (await Fe2Session.OpenAsync(new SessionOptions("us-east-2", null, EndpointUrl), TestCloud.Here("me", Path.Combine(_folder.FullName, "me"))))
            .WithPace(new PollingPace(TimeSpan.FromMilliseconds(30), 1.2, TimeSpan.FromMilliseconds(400)));
        Connector = new SshConnector(new SshOptions { Folder = Path.Combine(_folder.FullName, "fe2"), ConfigFile = "/dev/null", SharedIdle = TimeSpan.FromSeconds(30) });
        await LaunchAsync("od1", "us-east-2a");
        await Task.WhenAll(LaunchAsync("od2", "us-east-2a"), LaunchAsync("far", "us-east-2b"));
    }

    public override async Task DisposeAsync()
    {
        if (HostedFactAttribute.IsHere)
        {
            await Connector.DisposeAsync();
            await base.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    internal async Task<Instance> LaunchAsync(string name, string zone, string? type = null) =>
        (await new InstanceLauncher(Session, Connector).LaunchAsync(new LaunchRequest { Name = name, Zone = zone, InstanceType = type })).Single();

    internal Task<Instance> InstanceAsync(string name) => new InstanceQuery(Session).GetAsync(name);

    internal async Task<ISshSession> SshAsync(string name) =>
        await Connector.OpenAsync(await new InstanceTargets(Session).ForAsync(await InstanceAsync(name)));

    /// <summary>What a command says on a machine; it must succeed.</summary>
    internal async Task<string> OnAsync(string name, string command)
    {
        await using ISshSession ssh = await SshAsync(name);
        SshResult result = await ssh.RunAsync(command);
        Assert.True(result.ExitCode == 0, $"{name}: {command}: exit code {result.ExitCode}: {result.OutputText}{result.ErrorText}");
        return result.OutputText.Trim();
    }

    internal async Task<Volume> MakeAsync(string? name, string? on = "od1", string? point = null, string? fileSystem = null, int size = 1, string? zone = null) =>
        await Maker.MakeAsync(new VolumeRequest
        {
            Name = name,
            Size = size,
            Instance = on is null ? null : await InstanceAsync(on),
            Zone = zone,
            Mount = new MountRequest { MountPoint = point, FileSystem = fileSystem },
        });

    internal async Task<Volume> MountAsync(string volume, string on, MountRequest? request = null) =>
        await Mounter.MountAsync(await Query.GetAsync(volume), await InstanceAsync(on), request ?? new MountRequest());

    internal async Task<Volume> DismountAsync(string volume, bool force = false) => await Mounter.DismountAsync(await Query.GetAsync(volume), force);

    /// <summary>Attaches a volume by EC2's own order, as other tools do it, and waits.</summary>
    internal async Task AttachRawAsync(Volume volume, string on, string device)
    {
        Instance instance = await InstanceAsync(on);
        await Session.Ec2.AttachVolumeAsync(new AttachVolumeRequest { VolumeId = volume.VolumeId, InstanceId = instance.InstanceId, Device = device });
        await new VolumeStates(Session).AttachedAsync(volume, instance.InstanceId, CancellationToken.None);
    }

    /// <summary>A volume whose content was made by other tools on <c>od2</c>: one command for each time it is attached. DISK is the bare device.</summary>
    internal async Task<Volume> PreparedAsync(string name, params string[] commands)
    {
        Volume volume = await MakeAsync(name, on: null, zone: "us-east-2a");
        foreach (string command in commands)
            await RawAsync(volume, command + " && sync");
        return await Query.GetAsync(volume.VolumeId);
    }

    /// <summary>Runs a command on <c>od2</c> with the bare device attached.</summary>
    internal async Task<string> RawAsync(Volume volume, string command)
    {
        await AttachRawAsync(volume, "od2", "/dev/sdp");
        try
        {
            return await OnAsync("od2", command.Replace("DISK", ById(volume), StringComparison.Ordinal));
        }
        finally
        {
            await Mounter.DetachAsync(await Query.GetAsync(volume.VolumeId), CancellationToken.None);
        }
    }

    /// <summary>The link to a volume's device on a machine built on Nitro.</summary>
    internal static string ById(Volume volume) => "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_" + volume.VolumeId.Replace("-", "", StringComparison.Ordinal);

    /// <summary>A completed snapshot.</summary>
    internal async Task<Snapshot> SnapshotAsync(string volume, string name)
    {
        Snapshot taken = await Snapshots.CreateAsync(await Query.GetAsync(volume), new SnapshotRequest { Name = name });
        SnapshotSelection done = await new SnapshotWaiter(Session).WaitAsync([taken], TimeSpan.FromSeconds(60));
        Assert.Empty(done.Problems);
        return done.Snapshots.Single();
    }

    internal async Task<Fe2Exception> FailsAsync(Func<Task> work) => await Assert.ThrowsAsync<Fe2Exception>(work);

    /// <summary>Ids of the volumes that cost money and are no instance's root.</summary>
    internal async Task<IReadOnlyList<string>> DataVolumesAsync() =>
        [.. (await Query.ListAsync(new VolumeSelector())).Volumes.Where(v => VolumeFacts.StateOf(v) != "deleting").Select(v => v.VolumeId)];
}

/// <summary>What an operation said.</summary>
internal sealed class Reports : IProgress<Fe2Report>
{
    private readonly List<Fe2Report> all = [];

    public IReadOnlyList<Fe2Report> All
    {
        get
        {
            lock (all)
                return [.. all];
        }
    }

    public void Report(Fe2Report value)
    {
        lock (all)
            all.Add(value);
    }
}
