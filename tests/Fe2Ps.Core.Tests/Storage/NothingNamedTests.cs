using Fe2Ps.Core.Backups;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>What is to be acted on must be named: no names never mean everything.</summary>
public sealed class NothingNamedTests
{
    [Fact]
    public async Task NoNamesMeanNothingToActOnAndEverythingToShow()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "one" });
        await new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = "data", Size = 1 });
        await cloud.ForgetCallsAsync();

        Assert.Empty((await new InstanceQuery(session).ResolveAsync(new InstanceSelector())).Instances);
        Assert.Empty((await new VolumeQuery(session).ResolveAsync([])).Volumes);
        Assert.Empty((await new SnapshotQuery(session).ResolveAsync([])).Snapshots);
        Assert.Empty((await new ImageFinder(session).ResolveAsync([])).Images);
        Assert.Empty((await new BackupQuery(session).ResolveAsync([])).Backups);
        Assert.Empty((await new GroupQuery(session).ResolveAsync([])).Groups);
        Assert.Empty((await new GroupRemoval(session, new FakeConnector()).SelectAsync([])).Groups);
        Assert.Empty((await new FileSystemQuery(session).ResolveAsync([])).FileSystems);
        Assert.All(await cloud.OperationsAsync(), o => Assert.Equal("GetLifecyclePolicies", o));

        Assert.Single((await new InstanceQuery(session).ListAsync(new InstanceSelector())).Instances);
        Assert.Single((await new InstanceQuery(session).ResolveAsync(new InstanceSelector { Names = ["*"] })).Instances);
        Assert.Single((await new VolumeQuery(session).ListAsync(new VolumeSelector())).Volumes);
        Assert.Single((await new VolumeQuery(session).ResolveAsync(["*"])).Volumes);
    }
}
