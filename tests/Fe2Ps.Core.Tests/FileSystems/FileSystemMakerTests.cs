using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Tag = Amazon.ElasticFileSystem.Model.Tag;

namespace Fe2Ps.Core.Tests.FileSystems;

/// <summary>One name is one file system, however many ask for it at once.</summary>
public sealed class FileSystemMakerTests
{
    [Fact]
    public async Task TwoWhoMountANewNameAtOnceMountOneFileSystem()
    {
        // At this pace a file system is two seconds in the making: the second always finds the first's unfinished.
        await using TestCloud cloud = await TestCloud.StartAsync(SandboxSpeed.Realistic);
        Fe2Session[] sessions = [await cloud.SessionAsync("one"), await cloud.SessionAsync("two")];
        Instance[] machines = await MachinesAsync(cloud, sessions[0], 2);

        FileSystemOutcome[] mounted = await Task.WhenAll(sessions.Select((s, i) => new FileSystemMounter(s, new AnsweringConnector()).MountAsync("shared", [machines[i]])));

        FileSystemDescription made = Assert.Single((await new FileSystemQuery(sessions[0]).ListAsync([])).FileSystems);
        Assert.All(mounted, m => Assert.Equal(made.FileSystemId, m.FileSystem.FileSystemId));
        Assert.All(mounted, m => Assert.Single(m.Machines));
        Assert.Single(await new FileSystemMaker(sessions[0]).GroupsAsync(made.FileSystemId, null, default));
        Assert.Equal(3, (await new FileSystemMaker(sessions[0]).TargetsAsync(made.FileSystemId, default)).Count);
    }

    [Fact]
    public async Task TwoOrdersForOneNameMakeOne()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session[] sessions = [await cloud.SessionAsync("one"), await cloud.SessionAsync("two")];

        string[] ids = await Task.WhenAll(sessions.Select(s => new FileSystemMaker(s).MakeAsync("shared", "", null, default)));

        Assert.Equal(ids[0], ids[1]);
        Assert.Contains("CreateFileSystem:FileSystemAlreadyExists", await cloud.CallsAsync());
        Assert.NotEqual(ids[0], await new FileSystemMaker(sessions[0]).MakeAsync("Shared", "", null, default));
    }

    [Fact]
    public async Task OneThatIsStillBeingMadeIsWaitedFor()
    {
        await using TestCloud cloud = await TestCloud.StartAsync(SandboxSpeed.Realistic);
        Fe2Session session = await cloud.SessionAsync();
        Instance[] machines = await MachinesAsync(cloud, session, 1);
        CreateFileSystemResponse order = await session.FileSystems.CreateFileSystemAsync(
            new CreateFileSystemRequest { CreationToken = "another's", Encrypted = true, Tags = [new Tag { Key = "Name", Value = "shared" }] });
        Assert.Equal("creating", order.LifeCycleState.Value);

        FileSystemDescription mounted = (await new FileSystemMounter(session, new AnsweringConnector()).MountAsync("shared", machines)).FileSystem;

        Assert.Equal((order.FileSystemId, "available"), (mounted.FileSystemId, FileSystemFacts.StateOf(mounted)));
    }

    [Fact]
    public async Task ANameIsFreeAgainWhenItsFileSystemIsRemovedOrHasGotAnotherName()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var maker = new FileSystemMaker(session);
        string first = await maker.MakeAsync("shared", "", null, default);
        await new FileSystemRemoval(session).RemoveAsync(await maker.UntilAvailableAsync(first, default));
        Assert.NotEqual(first, await maker.MakeAsync("shared", "", null, default));

        CreateFileSystemResponse renamed = await session.FileSystems.CreateFileSystemAsync(
            new CreateFileSystemRequest { CreationToken = FileSystemMaker.TokenOf("data"), Tags = [new Tag { Key = "Name", Value = "archive" }] });
        string made = await maker.MakeAsync("data", "", null, default);
        Assert.NotEqual(renamed.FileSystemId, made);
        Assert.Equal(made, await maker.MakeAsync("data", "", null, default));
    }

    [Fact]
    public async Task AGroupThatSomebodyElseHasJustMadeIsUsed()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance[] machines = await MachinesAsync(cloud, session, 1);
        var maker = new FileSystemMaker(session);
        FileSystemDescription system = await maker.UntilAvailableAsync(await maker.MakeAsync("shared", "", null, default), default);
        string group = (await session.Ec2.CreateSecurityGroupAsync(new CreateSecurityGroupRequest
        {
            GroupName = $"fe2-efs-{system.FileSystemId}",
            Description = "another's",
            VpcId = machines[0].VpcId,
        })).GroupId;

        Assert.Equal(3, (await maker.OpenAsync(system, machines, "", null, default)).Count);

        SecurityGroup used = Assert.Single((await session.Ec2.DescribeSecurityGroupsAsync(new DescribeSecurityGroupsRequest { GroupIds = [group] })).SecurityGroups);
        Assert.Equal(2049, Assert.Single(used.IpPermissions).FromPort);
    }

    /// <summary>Running machines as records.</summary>
    internal static async Task<Instance[]> MachinesAsync(TestCloud cloud, Fe2Session session, int count)
    {
        await cloud.SeedAsync(new { instances = count, prefix = "m-" });
        return [.. (await new InstanceQuery(session).ListAsync(new InstanceSelector { Names = ["m-*"] })).Instances];
    }
}
