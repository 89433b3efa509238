using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>Two who make or change a volume at the same moment, and an EC2 that tells of it late.</summary>
public sealed class VolumeClaimTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task TwoUsersAtOnceGetOneVolumeOfAName(double lateVisibility)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        if (lateVisibility > 0)
            await cloud.FaultAsync(new { kind = "late-visibility", operation = "CreateVolume", seconds = lateVisibility });
        Task<Volume>[] makings = [MakeAsync(await cloud.SessionAsync("ann")), MakeAsync(await cloud.SessionAsync("bob"))];
        await Task.WhenAny(Task.WhenAll(makings));

        Task<Volume> winner = Assert.Single(makings, l => l.IsCompletedSuccessfully);
        var refused = Assert.IsType<Fe2Exception>(Assert.Single(makings, l => l.IsFaulted).Exception!.InnerException);
        Assert.Equal("NameTaken", refused.Id);
        Assert.Contains("removed again", refused.Message, StringComparison.Ordinal);
        IReadOnlyList<Volume> left = (await new VolumeQuery(await cloud.SessionAsync()).ListAsync(new VolumeSelector())).Volumes;
        Assert.Equal((await winner).VolumeId, Assert.Single(left, v => VolumeFacts.StateOf(v) == "available").VolumeId);

        static Task<Volume> MakeAsync(Fe2Session session) =>
            new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = "data", Size = 1, Zone = "us-east-2a" });
    }

    [Fact]
    public async Task WithoutAGivenNameBothAreKeptAndHaveNamesOfTheirOwn()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session[] users = [await cloud.SessionAsync("ann"), await cloud.SessionAsync("bob"), await cloud.SessionAsync("cem")];
        Volume source = await new VolumeMaker(users[0], new FakeConnector()).MakeAsync(new VolumeRequest { Name = "source", Size = 1, Zone = "us-east-2a" });
        Snapshot snapshot = await new SnapshotMaker(users[0], new FakeConnector()).CreateAsync(source, new SnapshotRequest { Name = "snap" });
        Assert.Empty((await new SnapshotWaiter(users[0]).WaitAsync([snapshot], TimeSpan.FromSeconds(60))).Problems);

        Volume[] made = await Task.WhenAll(users.Select(u => new VolumeMaker(u, new FakeConnector()).MakeAsync(new VolumeRequest { Snapshot = "snap", Zone = "us-east-2a" })));

        Assert.Equal(["snap", "snap-2", "snap-3"], made.Select(VolumeFacts.NameOf).Order(StringComparer.Ordinal));
        foreach (Volume volume in made)
            Assert.Equal(VolumeFacts.NameOf(volume), VolumeFacts.NameOf(await new VolumeQuery(users[0]).GetAsync(volume.VolumeId)));
    }

    [Theory]
    [InlineData("late-visibility")]
    [InlineData("lost-answer")]
    public async Task AChangeThatEc2TellsOfLateIsWaitedFor(string kind)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = "data", Size = 1, Zone = "us-east-2a" });
        await cloud.FaultAsync(new { kind, operation = "ModifyVolume", seconds = 2, times = 1 });

        Volume grown = await new VolumeGrowth(session, new FakeConnector()).ChangeAsync(volume, new VolumeChange { Size = 3 });

        Assert.Equal(3, grown.Size);
        VolumeModification last = (await session.Ec2.DescribeVolumesModificationsAsync(new DescribeVolumesModificationsRequest { VolumeIds = [volume.VolumeId] })).VolumesModifications.Single();
        Assert.Equal(3, last.TargetSize);
        if (kind == "late-visibility")
            Assert.Contains("DescribeVolumesModifications:InvalidVolumeModification.NotFound", await cloud.CallsAsync());
    }
}
