using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Images;
using Fe2Ps.Tests.Support;

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

    [Fact]
    public async Task WhatWouldBePassedOverIsRefusedAndNothingIsMade()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await ImageFreezerTests.MachineAsync(session, "od1");
        Volume free = await VolumeAsync(session, "free");
        Snapshot snapshot = await SnapshotAsync(session, free, "free");
        await cloud.ForgetCallsAsync();

        await RefusedAsync("MountPointWithoutInstance", "-MountPoint /mnt/here", new RestoreRequest("free") { MountPoint = "/mnt/here" });
        await RefusedAsync("MountPointWithoutInstance", "-MountPoint /mnt/here", new RestoreRequest("free") { MountPoint = "/mnt/here", Replace = true });
        await RefusedAsync("ZoneWithInstance", "-Zone us-east-2b", new RestoreRequest("free") { Zone = "us-east-2b", Instance = machine });
        await RefusedAsync("NewNameWithReplace", "-NewName other", new RestoreRequest("free") { NewName = "other", Replace = true });
        await RefusedAsync("ForceWithoutReplace", "-Force", new RestoreRequest("free") { Force = true });
        await RefusedAsync("AtWithSnapshot", snapshot.SnapshotId, new RestoreRequest("free") { Snapshot = snapshot.SnapshotId, At = DateTimeOffset.UtcNow });

        // The instance that has the volume counts as one that was named.
        await session.Ec2.AttachVolumeAsync(new AttachVolumeRequest { VolumeId = free.VolumeId, InstanceId = machine.InstanceId, Device = "/dev/sdf" });
        await RefusedAsync("ZoneWithInstance", "-Zone us-east-2b", new RestoreRequest("free") { Zone = "us-east-2b" });
        Instance stopped = Assert.Single((await new InstanceActions(session).StopAsync([machine])).Instances);
        await Until.TrueAsync(async () => InstanceFacts.StateOf(stopped = await new InstanceQuery(session).GetAsync("od1")) == "stopped", "od1 is stopped", 60);
        await RefusedAsync("MountPointWithoutInstance", "stopped", new RestoreRequest("free") { MountPoint = "/mnt/here" });
        await RefusedAsync("InstanceNotRunning", "od1", new RestoreRequest("free") { Instance = stopped });
        Assert.DoesNotContain("CreateVolume", await cloud.OperationsAsync());

        async Task RefusedAsync(string id, string part, RestoreRequest request)
        {
            Fe2Exception refused = await Assert.ThrowsAsync<Fe2Exception>(() => RestoreAsync(session, request));
            Assert.Equal(id, refused.Id);
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
            Assert.NotEmpty(refused.NextStep);
        }
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
