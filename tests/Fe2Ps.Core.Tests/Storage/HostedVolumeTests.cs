using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>Volumes and snapshots on real block devices in real hosts.</summary>
public sealed class HostedVolumeTests(StorageFixture cloud) : IClassFixture<StorageFixture>
{
    [HostedFact]
    public async Task ABlankVolumeIsFormattedMountedAndOwnedByTheLoginUser()
    {
        Volume volume = await cloud.MakeAsync("plain", point: "/mnt/plain");
        Assert.Equal("in-use", VolumeFacts.StateOf(volume));
        Assert.Equal("/mnt/plain", VolumeFacts.MountPointOf(volume));
        Assert.Equal("ubuntu ext4", await cloud.OnAsync("od1", "echo $(stat -c %U /mnt/plain) $(findmnt -no FSTYPE /mnt/plain)"));
        Assert.True((await cloud.Query.GetAsync("plain")).Attachments.Single().DeleteOnTermination);

        // Mounted already: nothing happens, and its data stays.
        await cloud.OnAsync("od1", "echo kept > /mnt/plain/file");
        Volume again = await cloud.MountAsync("plain", "od1");
        Assert.Equal("/mnt/plain", VolumeFacts.MountPointOf(again));
        Assert.Equal("MountedElsewhere", (await cloud.FailsAsync(() => cloud.MountAsync("plain", "od1", new MountRequest { MountPoint = "/mnt/other" }))).Id);
        Assert.Equal("VolumeInUse", (await cloud.FailsAsync(() => cloud.MountAsync("plain", "od2"))).Id);

        Volume free = await cloud.DismountAsync("plain");
        Assert.Equal("available", VolumeFacts.StateOf(free));
        await cloud.MountAsync("plain", "od2");
        Assert.Equal("kept", await cloud.OnAsync("od2", "cat /mnt/plain/file"));
        // What was there before is nobody's to remove: attached later, it outlives the machine as EC2 has it.
        Assert.False((await cloud.Query.GetAsync("plain")).Attachments.Single().DeleteOnTermination);
        await cloud.DismountAsync("plain");
        await new VolumeRemoval(cloud.Session).RemoveAsync(free);
    }

    [HostedFact]
    public async Task SeveralVolumesHaveTheirOwnMountPointsAlsoWithNamesOfTheWorld()
    {
        Volume first = await cloud.MakeAsync(null);
        Volume second = await cloud.MakeAsync("한국어 데이터's", point: "/mnt/a \"b\" 한글");
        Volume third = await cloud.MakeAsync(null, fileSystem: "xfs");
        try
        {
            Assert.Equal(("od1", "od1-2"), (VolumeFacts.NameOf(first), VolumeFacts.NameOf(third)));
            Assert.Equal("/mnt/fe2_disk", VolumeFacts.MountPointOf(first));
            Assert.Equal("/mnt/fe2_disk2", VolumeFacts.MountPointOf(third));
            Assert.Equal("/mnt/a \"b\" 한글", VolumeFacts.MountPointOf(second));
            await cloud.OnAsync("od1", "touch '/mnt/a \"b\" 한글/x' && test $(findmnt -no FSTYPE /mnt/fe2_disk2) = xfs");
            Assert.Equal("MountPointInUse", (await cloud.FailsAsync(() => cloud.MakeAsync("clash", point: "/mnt/fe2_disk"))).Id);
            await cloud.OnAsync("od1", "sudo mkdir -p /mnt/full && sudo touch /mnt/full/file");
            Fe2Exception full = await cloud.FailsAsync(() => cloud.MakeAsync("clash", point: "/mnt/full"));
            Assert.Equal("MountPointNotEmpty", full.Id);
            Assert.Contains("removed again", full.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(
                "clash", (await cloud.Query.ListAsync(new VolumeSelector())).Volumes.Where(v => VolumeFacts.StateOf(v) != "deleting").Select(VolumeFacts.NameOf));
        }
        finally
        {
            foreach (Volume volume in new[] { first, second, third })
            {
                await cloud.DismountAsync(volume.VolumeId);
                await new VolumeRemoval(cloud.Session).RemoveAsync(volume);
            }
        }
    }

    [HostedFact]
    public async Task DataComesBackEqualFromASnapshotOnAMachineInAnotherZone()
    {
        await cloud.MakeAsync("data", point: "/mnt/data");
        string sum = await cloud.OnAsync("od1", "cd /mnt/data && head -c 30000000 /dev/urandom > a && mkdir b && cp a 'b/한 글' && find . -type f -exec sha256sum {} + | sort");
        Snapshot snapshot = await cloud.SnapshotAsync("data", "snap1");
        Assert.Equal("completed", SnapshotFacts.StateOf(snapshot));
        await cloud.OnAsync("od1", "echo later > /mnt/data/later");

        Volume copy = await cloud.Maker.MakeAsync(new VolumeRequest
        {
            Name = "copy",
            Size = 2,
            Snapshot = "snap1",
            Instance = await cloud.InstanceAsync("far"),
            Mount = new MountRequest { MountPoint = "/mnt/copy" },
        });
        Assert.Equal("us-east-2b", copy.AvailabilityZone);
        Assert.Equal(sum, await cloud.OnAsync("far", "cd /mnt/copy && find . -type f -exec sha256sum {} + | sort"));
        Assert.True(int.Parse(await cloud.OnAsync("far", "df --output=size -B1M /mnt/copy | tail -1"), null) > 1500, "the file system grew with the volume");

        // The original, beside its own copy on one machine: each has a UUID of its own then.
        Volume beside = await cloud.Maker.MakeAsync(new VolumeRequest { Name = "beside", Snapshot = "snap1", Instance = await cloud.InstanceAsync("od1") });
        Assert.Equal("2", await cloud.OnAsync("od1", "sudo blkid -s UUID -o value $(findmnt -no SOURCE /mnt/data) $(findmnt -no SOURCE /mnt/fe2_disk) | sort -u | wc -l"));
        foreach (string name in new[] { "data", "copy", "beside" })
        {
            await cloud.DismountAsync(name);
            await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.Query.GetAsync(name));
        }

        Assert.Equal([snapshot.SnapshotId], (await new SnapshotQuery(cloud.Session).ListAsync([], orphan: true)).Snapshots.Select(s => s.SnapshotId));
        await new SnapshotRemoval(cloud.Session).RemoveAsync(snapshot);
        Assert.NotNull(beside);
    }

    [HostedFact]
    public async Task AVolumeOfAnotherZoneIsMovedOnlyWhenAskedFor()
    {
        await cloud.MakeAsync("traveller", point: "/mnt/traveller", fileSystem: "xfs");
        await cloud.OnAsync("od1", "echo came along > /mnt/traveller/file");
        Volume old = await cloud.DismountAsync("traveller");
        Fe2Exception refused = await cloud.FailsAsync(() => cloud.MountAsync("traveller", "far"));
        Assert.Equal("VolumeInOtherZone", refused.Id);
        Assert.Contains("-Move", refused.NextStep, StringComparison.Ordinal);

        // A move that fails leaves the old one as it was, and nothing else.
        await cloud.OnAsync("far", "sudo mkdir -p /mnt/full && sudo touch /mnt/full/file");
        Fe2Exception failed = await cloud.FailsAsync(() => cloud.MountAsync("traveller", "far", new MountRequest { Move = true, MountPoint = "/mnt/full" }));
        Assert.Equal("MountPointNotEmpty", failed.Id);
        Assert.Equal(old.VolumeId, (await cloud.Query.GetAsync("traveller")).VolumeId);

        Volume moved = await cloud.MountAsync("traveller", "far", new MountRequest { Move = true });
        Assert.NotEqual(old.VolumeId, moved.VolumeId);
        Assert.Equal("came along", await cloud.OnAsync("far", "cat /mnt/traveller/file"));
        Assert.Equal(("traveller", "us-east-2b"), (VolumeFacts.NameOf(moved), moved.AvailabilityZone));
        await Until.TrueAsync(async () => !(await cloud.DataVolumesAsync()).Contains(old.VolumeId), "the old volume is gone");
        Assert.DoesNotContain(old.VolumeId, (await new SnapshotQuery(cloud.Session).ListAsync([])).Snapshots.Select(s => s.VolumeId));
        await cloud.DismountAsync("traveller");
        await new VolumeRemoval(cloud.Session).RemoveAsync(moved);
    }

    [HostedFact]
    public async Task AMoveThatCannotBeWrittenDownIsAMoveAllTheSame()
    {
        await cloud.MakeAsync("moved-once", on: null, zone: "us-east-2a");
        Volume old = await cloud.Query.GetAsync("moved-once");
        await cloud.OnAsync("far", "sudo mv /etc/fstab /etc/fstab.kept && sudo mkdir /etc/fstab");
        try
        {
            Fe2Exception told = await cloud.FailsAsync(() => cloud.MountAsync("moved-once", "far", new MountRequest { Move = true, Persist = true, MountPoint = "/mnt/moved-once" }));
            Assert.Equal("NotPersistent", told.Id);
        }
        finally
        {
            await cloud.OnAsync("far", "sudo rmdir /etc/fstab && sudo mv /etc/fstab.kept /etc/fstab");
        }

        // Mounted and of use there, and nothing is left of the old one.
        await cloud.OnAsync("far", "mountpoint -q /mnt/moved-once");
        Volume now = await cloud.Query.GetAsync("moved-once");
        Assert.Equal(("us-east-2b", "in-use"), (now.AvailabilityZone, VolumeFacts.StateOf(now)));
        Assert.DoesNotContain(old.VolumeId, await cloud.DataVolumesAsync());
        Assert.DoesNotContain((await new SnapshotQuery(cloud.Session).ListAsync([])).Snapshots, s => s.VolumeId == old.VolumeId);
        await cloud.DismountAsync("moved-once");
        await new VolumeRemoval(cloud.Session).RemoveAsync(now);
    }

    [HostedFact]
    public async Task DismountNamesTheProcessesThatHoldItAndForceEndsThem()
    {
        await cloud.MakeAsync("held", point: "/mnt/held");
        await cloud.OnAsync("od1", "cd /mnt/held && (nohup sleep 1234 >/dev/null 2>&1 &)");
        Fe2Exception busy = await cloud.FailsAsync(() => cloud.DismountAsync("held"));
        Assert.Equal("VolumeBusy", busy.Id);
        Assert.Contains("sleep 1234", busy.Message, StringComparison.Ordinal);
        Assert.Equal("in-use", VolumeFacts.StateOf(await cloud.Query.GetAsync("held")));
        await cloud.OnAsync("od1", "echo still > /mnt/held/file");

        Assert.Equal("available", VolumeFacts.StateOf(await cloud.DismountAsync("held", force: true)));
        Assert.Contains(cloud.Reports.All.OfType<WarningReport>(), w => w.Message.Contains("sleep 1234", StringComparison.Ordinal));
        await cloud.MountAsync("held", "od2");
        Assert.Equal("still", await cloud.OnAsync("od2", "cat /mnt/held/file"));
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync("held"));
    }

    [HostedFact]
    public async Task PersistWritesALineByUuidAndDismountTakesItAway()
    {
        await cloud.OnAsync("od1", "sudo sh -c 'echo \"# own line\" > /etc/fstab'");
        Volume volume = await cloud.Maker.MakeAsync(new VolumeRequest
        {
            Name = "persist",
            Size = 1,
            Instance = await cloud.InstanceAsync("od1"),
            Mount = new MountRequest { MountPoint = "/mnt/per sist", Persist = true },
        });
        string[] lines = (await cloud.OnAsync("od1", "cat /etc/fstab")).Split('\n');
        Assert.Equal("# own line", lines[0]);
        Assert.Matches($@"^UUID=[0-9a-f-]{{36}} /mnt/per\\040sist ext4 defaults,nofail,x-fe2\.volume={volume.VolumeId} 0 2$", lines[1]);
        // The line is good: mount alone finds the volume by it.
        await cloud.OnAsync("od1", "sudo umount '/mnt/per sist' && sudo mount -a && mountpoint -q '/mnt/per sist'");
        await cloud.DismountAsync("persist");
        Assert.Equal("# own line", await cloud.OnAsync("od1", "cat /etc/fstab"));
        await new VolumeRemoval(cloud.Session).RemoveAsync(volume);
    }

    [HostedFact]
    public async Task AVolumeGrowsWhileItIsInUse()
    {
        await cloud.MakeAsync("grows", point: "/mnt/grows", fileSystem: "xfs");
        // The machine grows it to the size that EC2 tells of, however late it does.
        await cloud.FaultAsync(new { kind = "late-visibility", operation = "ModifyVolume", seconds = 2, times = 1 });
        Volume grown = await new VolumeGrowth(cloud.Session, cloud.Connector, cloud.Reports).ChangeAsync(await cloud.Query.GetAsync("grows"), new VolumeChange { Size = 3 });
        Assert.Equal(3, grown.Size);
        Assert.True(int.Parse(await cloud.OnAsync("od1", "df --output=size -B1M /mnt/grows | tail -1"), null) > 2700);
        Fe2Exception lately = await cloud.FailsAsync(() => new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(grown, new VolumeChange { Size = 4 }));
        Assert.Equal("VolumeChangedLately", lately.Id);
        Assert.Equal("SizeInvalid", (await cloud.FailsAsync(() => new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(grown, new VolumeChange { Size = 2 }))).Id);
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync("grows"));
    }

    [HostedFact]
    public async Task AnExt4VolumeThatGrewWhileItWasFreeHasItsWholeSizeWhenItIsMounted()
    {
        Volume volume = await cloud.MakeAsync("later", point: "/mnt/later");
        await cloud.OnAsync("od1", "echo kept > /mnt/later/file");
        await cloud.DismountAsync("later");
        await new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(volume, new VolumeChange { Size = 2 });
        await cloud.MountAsync("later", "od1");
        Assert.True(int.Parse(await cloud.OnAsync("od1", "cat /mnt/later/file >&2; df --output=size -B1M /mnt/later | tail -1"), null) > 1700);
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync("later"));
    }

    [HostedTheory]
    [InlineData("ext4", "sudo mkfs.ext4 -q DISK")]
    [InlineData("xfs", "sudo mkfs.xfs -q DISK")]
    public async Task WhatHasAFileSystemIsMountedAsItIs(string type, string command)
    {
        Volume volume = await cloud.PreparedAsync($"old-{type}", command + " && sudo mkdir /tmp/p && sudo mount DISK /tmp/p && echo old | sudo tee /tmp/p/file && sudo umount /tmp/p && sudo rmdir /tmp/p");
        await cloud.MountAsync(volume.VolumeId, "od2", new MountRequest { MountPoint = "/mnt/old" });
        Assert.Equal($"old {type}", await cloud.OnAsync("od2", "echo $(cat /mnt/old/file) $(findmnt -no FSTYPE /mnt/old)"));
        await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync(volume.VolumeId));
    }

    [HostedTheory]
    [InlineData("LVM", "printf 'LABELONE\\001\\000\\000\\000\\000\\000\\000\\000' | sudo dd of=DISK bs=512 seek=1 conv=notrunc")]
    [InlineData("a partition table", "printf '\\125\\252' | sudo dd of=DISK bs=1 seek=510 conv=notrunc; printf '\\203\\000\\000\\000\\000\\010\\000\\000\\000\\000\\010\\000' | sudo dd of=DISK bs=1 seek=450 conv=notrunc")]
    [InlineData("random bytes in the first MiB", "printf 'x' | sudo dd of=DISK bs=1 seek=1048575 conv=notrunc")]
    [InlineData("swap", "sudo mkswap DISK")]
    public async Task WhatIsNotBlankIsNeverFormatted(string what, string command)
    {
        Volume volume = await cloud.PreparedAsync("precious", command);
        string before = await SumAsync(volume);
        Fe2Exception refused = await cloud.FailsAsync(() => cloud.MountAsync(volume.VolumeId, "od2"));
        Assert.True(refused.Id == "VolumeNotBlank", $"{what}: {refused.Id}: {refused.Message}");
        Assert.Contains("detached again", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await SumAsync(volume));
        await new VolumeRemoval(cloud.Session).RemoveAsync(volume);
    }

    private Task<string> SumAsync(Volume volume) => cloud.RawAsync(volume, "sudo sha256sum DISK");
}
