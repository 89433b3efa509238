using Amazon.EC2.Model;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>The sandbox with real hosts, and a machine <c>od1</c> that is up.</summary>
public sealed class HostedCopyFixture : SandboxFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-copy-");

    internal Fe2Session Session { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    internal Instance Od1 { get; private set; } = null!;

    protected override SandboxOptions Options => new(Program) { Hosts = SandboxHosts.Container, Speed = SandboxSpeed.Fast };

    public override async Task InitializeAsync()
    {
        if (!HostedFactAttribute.IsHere)
            return;
        await base.InitializeAsync();
        Session = await Fe2Session.OpenAsync(new SessionOptions("us-east-2", null, EndpointUrl), TestCloud.Here("me", Path.Combine(_folder.FullName, "me")));
        Connector = new SshConnector(Ssh());
        Od1 = await LaunchAsync("od1");
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

    /// <summary>A cut is noticed after three seconds.</summary>
    internal SshOptions Ssh() => new()
    {
        Folder = Path.Combine(_folder.FullName, "fe2"),
        ConfigFile = "/dev/null",
        SharedIdle = TimeSpan.FromSeconds(30),
        ConnectTimeout = TimeSpan.FromSeconds(2),
        AliveInterval = TimeSpan.FromSeconds(1),
    };

    internal async Task<Instance> LaunchAsync(string name)
    {
        await new InstanceLauncher(Session, Connector).LaunchAsync(new LaunchRequest { Name = name });
        return await new InstanceQuery(Session).GetAsync(name);
    }

    internal FileCopy Copy(ISshConnector? connector = null, IProgress<Fe2Report>? report = null, CopyOptions? options = null) =>
        new(Session, connector ?? Connector, (options ?? new CopyOptions()) with { Recurse = true, FirstPause = TimeSpan.FromMilliseconds(200) }, report);

    internal async Task<string> OnAsync(Instance instance, string command)
    {
        var target = await new InstanceTargets(Session).ForAsync(instance);
        await using var session = await Connector.OpenAsync(target);
        return (await session.RunAsync(command)).OutputText;
    }

    internal string Folder() => Directory.CreateDirectory(Path.Combine(_folder.FullName, Path.GetRandomFileName())).FullName;

    /// <summary>A file of random bytes.</summary>
    internal string Big(int megabytes)
    {
        var path = Path.Combine(Folder(), "big.bin");
        using var file = File.Create(path);
        var bytes = new byte[1 << 20];
        for (var i = 0; i < megabytes; i++)
        {
            new Random(i).NextBytes(bytes);
            file.Write(bytes);
        }

        return path;
    }
}
