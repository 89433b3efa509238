using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Images;

namespace Fe2Ps.Core.Tests.Backups;

/// <summary>Which snapshot a volume is restored from, where others have its name.</summary>
public sealed class RestoreChoiceTests
{
    [Fact]
    public async Task ASnapshotOfAnotherDiskIsNotTakenForTheVolumesOwnBecauseOfItsName()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await ImageFreezerTests.MachineAsync(session, "od1");
        Volume data = await VolumeAsync(session, "od1");
        Volume other = await VolumeAsync(session, "other");
        Snapshot own = await SnapshotAsync(session, data, "od1");

        // All of them newer, and all called od1: the machine's image, an image that other tools have made, another volume's snapshot.
        Image image = await ImageFreezerTests.FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });
        Assert.Equal("od1", ImageFacts.NameOf(image));
        await session.Ec2.CreateImageAsync(new CreateImageRequest
        {
            InstanceId = machine.InstanceId,
            Name = "by hand",
            NoReboot = true,
            TagSpecifications = [new TagSpecification { ResourceType = ResourceType.Snapshot, Tags = [new Tag(TagNames.Name, "od1")] }],
        });
        await SnapshotAsync(session, other, "od1");

        Volume made = await RestoreAsync(session, new RestoreRequest("od1") { Replace = true });
        Assert.Equal(("od1", own.SnapshotId), (VolumeFacts.NameOf(made), made.SnapshotId));

        // The one that it replaced is another volume now, and its snapshots are still those of od1.
        Volume again = await RestoreAsync(session, new RestoreRequest("od1") { Replace = true });
        Assert.Equal(("od1", own.SnapshotId), (VolumeFacts.NameOf(again), again.SnapshotId));
        Volume third = await RestoreAsync(session, new RestoreRequest("od1"));
        Assert.Equal(("od1-restored", own.SnapshotId), (VolumeFacts.NameOf(third), third.SnapshotId));

        // The machine and every volume of the name are gone, and the image is not: it is nobody's data.
        await new InstanceActions(session).RemoveAsync([machine]);
        foreach (Volume volume in (await new VolumeQuery(session).ListAsync(new VolumeSelector { Names = ["od1*"] })).Volumes)
            await new VolumeRemoval(session).RemoveAsync(volume);
        Assert.Equal(own.SnapshotId, (await RestoreAsync(session, new RestoreRequest("od1"))).SnapshotId);
        await new SnapshotRemoval(session).RemoveAsync(own);
        Assert.Equal("SnapshotNotFound", (await Assert.ThrowsAsync<Fe2Exception>(() => RestoreAsync(session, new RestoreRequest("od1") { Zone = "us-east-2a" }))).Id);
    }

    private static Task<Volume> RestoreAsync(Fe2Session session, RestoreRequest request) => new VolumeRestore(session, new FakeConnector()).RestoreAsync(request);

    private static Task<Volume> VolumeAsync(Fe2Session session, string name) =>
        new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = name, Size = 20, Zone = "us-east-2a" });

    private static async Task<Snapshot> SnapshotAsync(Fe2Session session, Volume volume, string name)
    {
        Snapshot taken = await new SnapshotMaker(session, new FakeConnector()).CreateAsync(volume, new SnapshotRequest { Name = name });
        return Assert.Single((await new SnapshotWaiter(session).WaitAsync([taken], TimeSpan.FromSeconds(60))).Snapshots);
    }
}
