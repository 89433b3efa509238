using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>The sandbox with real hosts, and a monitor <c>od1</c> that is up.</summary>
public class HostedJobFixture : SandboxFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-hosted-");

    private string? Image { get; set; }

    /// <summary>The image of every machine, or null for the launcher's own choice.</summary>
    protected virtual Task<string?> FindImageAsync() => Task.FromResult<string?>(null);

    internal Fe2Session Session { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    internal CloudJobs Jobs { get; private set; } = null!;

    protected override SandboxOptions Options => new(Program) { Hosts = SandboxHosts.Container, Speed = SandboxSpeed.Fast };

    public override async Task InitializeAsync()
    {
        if (!HostedFactAttribute.IsHere)
            return;
        await base.InitializeAsync();
        Session = await Fe2Session.OpenAsync(new SessionOptions("us-east-2", null, EndpointUrl), TestCloud.Here("me", Path.Combine(_folder.FullName, "me")));
        Connector = new SshConnector(new SshOptions { Folder = Path.Combine(_folder.FullName, "fe2"), ConfigFile = "/dev/null", SharedIdle = TimeSpan.FromSeconds(30) });
        Jobs = new CloudJobs(Session, Connector);
        Image = await FindImageAsync();
        await LaunchAsync("od1");
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

    internal async Task<JobMachine> LaunchAsync(string name, bool spot = false)
    {
        await new InstanceLauncher(Session, Connector).LaunchAsync(new LaunchRequest { Name = name, Spot = spot, Image = Image });
        return await Jobs.MachineAsync(name);
    }

    /// <summary>A spot machine that EC2 stops or hibernates instead of ending it.</summary>
    internal async Task<JobMachine> LaunchAsync(string name, OnInterruption onInterruption)
    {
        await new InstanceLauncher(Session, Connector).LaunchAsync(new LaunchRequest { Name = name, Spot = true, OnInterruption = onInterruption, Image = Image });
        return await Jobs.MachineAsync(name);
    }

    /// <summary>A machine with a persistent spot request, made by other means: the launcher asks for one-time requests only.</summary>
    internal async Task<JobMachine> LaunchPersistentAsync(string name)
    {
        var like = await new InstanceQuery(Session).GetAsync("od1", default);
        var answer = await Session.Ec2.RunInstancesAsync(new RunInstancesRequest
        {
            ImageId = like.ImageId,
            InstanceType = like.InstanceType,
            KeyName = like.KeyName,
            SubnetId = like.SubnetId,
            SecurityGroupIds = [.. like.SecurityGroups.Select(g => g.GroupId)],
            MinCount = 1,
            MaxCount = 1,
            TagSpecifications = [new TagSpecification { ResourceType = ResourceType.Instance, Tags = [new Tag("Name", name)] }],
            InstanceMarketOptions = new InstanceMarketOptionsRequest
            {
                MarketType = MarketType.Spot,
                SpotOptions = new SpotMarketOptions { SpotInstanceType = SpotInstanceType.Persistent, InstanceInterruptionBehavior = InstanceInterruptionBehavior.Stop },
            },
        });
        await ReadyAsync(answer.Reservation.Instances);
        return await Jobs.MachineAsync(name);
    }

    /// <summary>Starts a stopped machine and waits until it can be reached.</summary>
    internal async Task StartAsync(string id)
    {
        var started = await new InstanceActions(Session).StartAsync([await new InstanceQuery(Session).GetAsync(id, default)]);
        Assert.Empty(started.Problems);
        await ReadyAsync(started.Instances);
    }

    internal async Task<string> StateOfAsync(string id) => InstanceFacts.StateOf(await new InstanceQuery(Session).GetAsync(id, default));

    private async Task ReadyAsync(IReadOnlyList<Instance> instances)
    {
        var key = await new KeyPairs(Session).FindPrivateFileAsync(instances[0].KeyName, null, default);
        await new InstanceReadiness(Session, Connector).WaitAsync(instances, key, null, TimeSpan.FromMinutes(1), "Waiting");
    }

    internal async Task<JobRequest> RequestAsync(string text, JobMachine target)
    {
        var path = Path.Combine(_folder.FullName, Path.GetRandomFileName(), "myscript.sh");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "#!/usr/bin/env bash\n" + text);
        return new JobRequest(path, target) { Monitor = await Jobs.MachineAsync("od1") };
    }

    internal async Task<string> OnMonitorAsync(string command)
    {
        await using var session = await Connector.OpenAsync((await Jobs.MachineAsync("od1")).Ssh);
        return (await session.RunAsync(command)).OutputText;
    }

    internal string Folder() => Directory.CreateDirectory(Path.Combine(_folder.FullName, Path.GetRandomFileName())).FullName;
}
