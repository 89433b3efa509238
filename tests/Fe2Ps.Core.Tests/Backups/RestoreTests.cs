using Amazon.EC2.Model;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Core.Tests.Storage;

namespace Fe2Ps.Core.Tests.Backups;

/// <summary>Volumes of snapshots, on real block devices in real hosts.</summary>
public sealed class RestoreTests(StorageFixture cloud) : IClassFixture<StorageFixture>
{
    private VolumeRestore Restore => new(cloud.Session, cloud.Connector, cloud.Reports);

    [HostedFact]
    public async Task AnEarlierStateComesBesideTheVolumeOrInItsPlace()
    {
        Volume old = await cloud.MakeAsync("work", point: "/mnt/files");
        await cloud.OnAsync("od1", "echo first > /mnt/files/file");
        Snapshot first = await cloud.SnapshotAsync("work", "work");
        await cloud.OnAsync("od1", "echo second > /mnt/files/file");
        Snapshot second = await cloud.SnapshotAsync("work", "other name");
        await cloud.OnAsync("od1", "echo ruined > /mnt/files/file");

        // Beside it, the newest, on the same machine, with a name and a folder of its own.
        Volume beside = await Restore.RestoreAsync(new RestoreRequest("work"));
        Assert.Equal(("work-restored", second.SnapshotId), (VolumeFacts.NameOf(beside), beside.SnapshotId));
        Assert.Equal("second", await cloud.OnAsync("od1", $"cat {VolumeFacts.MountPointOf(beside)}/file"));
        Assert.Equal("ruined", await cloud.OnAsync("od1", "cat /mnt/files/file"));
        Assert.False((await cloud.Query.GetAsync("work-restored")).Attachments.Single().DeleteOnTermination);

        // In its place, an earlier one. The old one is kept under another name, with all that it holds; its backups go on with the new one.
        await cloud.Session.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [old.VolumeId], Tags = [new Tag(BackupTags.Target("b"), "yes"), new Tag("kind", "mine")] });
        await cloud.MountAsync("work", "od1", new MountRequest { Persist = true });
        Volume made = await Restore.RestoreAsync(new RestoreRequest("work") { At = new DateTimeOffset(first.StartTime!.Value.ToUniversalTime()), Replace = true });
        Assert.Equal(("work", "/mnt/files", first.SnapshotId), (VolumeFacts.NameOf(made), VolumeFacts.MountPointOf(made), made.SnapshotId));
        Assert.Equal("first", await cloud.OnAsync("od1", "cat /mnt/files/file"));
        await cloud.OnAsync("od1", $"grep -q x-fe2.volume={made.VolumeId} /etc/fstab && ! grep -q {old.VolumeId} /etc/fstab");
        Assert.Equal(("yes", "mine"), (VolumeFacts.TagOf(made, BackupTags.Target("b")), VolumeFacts.TagOf(made, "kind")));
        Volume kept = await cloud.Query.GetAsync("work-replaced");
        Assert.Equal((old.VolumeId, "available", null), (kept.VolumeId, VolumeFacts.StateOf(kept), VolumeFacts.TagOf(kept, BackupTags.Target("b"))));
        await cloud.MountAsync("work-replaced", "od2");
        Assert.Equal("ruined", await cloud.OnAsync("od2", "cat /mnt/files/file"));

        foreach (string name in new[] { "work", "work-restored", "work-replaced" })
        {
            Volume free = await cloud.DismountAsync(name);
            await new VolumeRemoval(cloud.Session).RemoveAsync(free);
        }

        // The volume is gone, its snapshots know its name. Another machine, in another zone.
        Volume again = await Restore.RestoreAsync(new RestoreRequest("work") { Instance = await cloud.InstanceAsync("far"), MountPoint = "/mnt/again" });
        Assert.Equal("work", VolumeFacts.NameOf(again));
        Assert.Equal("first", await cloud.OnAsync("far", "cat /mnt/again/file"));
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync("work"));
    }

    [HostedFact]
    public async Task AVolumeThatIsBusyStaysWhereItIsAndNothingIsLeft()
    {
        Volume old = await cloud.MakeAsync("busy", point: "/mnt/busy");
        await cloud.OnAsync("od1", "echo kept > /mnt/busy/file");
        await cloud.SnapshotAsync("busy", "busy");
        IReadOnlyList<string> before = await cloud.DataVolumesAsync();
        await cloud.OnAsync("od1", "setsid sh -c 'cd /mnt/busy && exec sleep 300' </dev/null >/dev/null 2>&1 & sleep 0.5");
        Fe2Exception busy = await cloud.FailsAsync(() => Restore.RestoreAsync(new RestoreRequest("busy") { Replace = true }));
        Assert.Equal("VolumeBusy", busy.Id);
        Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/busy/file"));
        Assert.Equal(before, await cloud.DataVolumesAsync());
        Assert.Equal(old.VolumeId, (await cloud.Query.GetAsync("busy")).VolumeId);

        // A place where the new one cannot be mounted: the old one is again.
        await cloud.OnAsync("od1", "pkill -x sleep; sudo mkdir -p /mnt/occupied && sudo touch /mnt/occupied/file");
        Fe2Exception occupied = await cloud.FailsAsync(() => Restore.RestoreAsync(new RestoreRequest("busy") { Replace = true, MountPoint = "/mnt/occupied" }));
        Assert.Equal("MountPointNotEmpty", occupied.Id);
        Assert.Contains("mounted again as it was", occupied.Message);
        Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/busy/file"));
        Assert.Equal(before, await cloud.DataVolumesAsync());
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync("busy"));
    }

    [HostedFact]
    public async Task ATimeBeforeTheFirstSnapshotIsRefusedWithTheFirst()
    {
        await cloud.MakeAsync("young", on: null, zone: "us-east-2a");
        Assert.Equal("SnapshotNotFound", (await cloud.FailsAsync(() => Restore.RestoreAsync(new RestoreRequest("young")))).Id);
        await cloud.SnapshotAsync("young", "young");
        Fe2Exception early = await cloud.FailsAsync(() => Restore.RestoreAsync(new RestoreRequest("young") { At = DateTimeOffset.UtcNow.AddDays(-1) }));
        Assert.Equal("SnapshotNotFound", early.Id);
        Assert.Contains("the oldest is of", early.Message);
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.Query.GetAsync("young"));
    }
}
