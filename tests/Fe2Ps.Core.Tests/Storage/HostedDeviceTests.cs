using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>Which device is which volume, and what of it grows.</summary>
public sealed class HostedDeviceTests(StorageFixture cloud) : IClassFixture<StorageFixture>
{
    /// <summary>Nobody made links by serial: the kernel's own word is left.</summary>
    private const string NoLinks =
        "for l in /dev/disk/by-id/*; do d=$(basename $(readlink $l)); s=${l##*_}; sudo mkdir -p /run/block/$d/device; printf '%-20s\\n' $s | sudo tee /run/block/$d/device/serial >/dev/null; done; "
        + "sudo rm -r /dev/disk && sudo mount --bind /run/block /sys/class/block";

    [HostedTheory]
    [InlineData("nitro", "t3.micro")]
    [InlineData("xen", "t2.micro")]
    public async Task AVolumeIsFoundByItsSerialOrItsNameWhateverTheOrder(string name, string type)
    {
        await cloud.LaunchAsync(name, "us-east-2a", type);
        // Alike to the byte but for their content; the first one has the later letter, and none is where this module would have put it.
        Volume[] volumes = [await cloud.MakeAsync(name + "-a", on: null, zone: "us-east-2a"), await cloud.MakeAsync(name + "-b", on: null, zone: "us-east-2a")];
        await cloud.AttachRawAsync(volumes[0], name, "/dev/sdh");
        await cloud.AttachRawAsync(volumes[1], name, "/dev/sdg");
        await WriteAsync(volumes, name);
        string before = await DevicesAsync(volumes, name);

        // Another order: after a start the numbers are others. Then letters change their owners.
        var actions = new InstanceActions(cloud.Session);
        await actions.StopAsync([await cloud.InstanceAsync(name)]);
        await Until.TrueAsync(async () => InstanceFacts.StateOf(await cloud.InstanceAsync(name)) == "stopped", "it has stopped", 60);
        await actions.StartAsync([await cloud.InstanceAsync(name)]);
        await Until.TrueAsync(async () => InstanceFacts.StateOf(await cloud.InstanceAsync(name)) == "running", "it runs again", 60);
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    return await cloud.OnAsync(name, "echo ready") == "ready";
                }
                catch (Fe2Exception)
                {
                    return false;
                }
            },
            "it takes logins again", 90);
        await ReadAsync(volumes, name);
        string after = await DevicesAsync(volumes, name);
        Assert.Equal(type == "t3.micro", before != after);
        foreach (Volume volume in volumes)
            await cloud.DismountAsync(volume.VolumeId);
        await cloud.AttachRawAsync(volumes[0], name, "/dev/sdg");
        await cloud.AttachRawAsync(volumes[1], name, "/dev/sdh");
        if (type == "t3.micro")
            await cloud.OnAsync(name, NoLinks);
        await ReadAsync(volumes, name);
        if (type == "t2.micro")
            Assert.Equal("/dev/xvdg /dev/xvdh", await DevicesAsync(volumes, name));
        await EndAsync(volumes);
        await actions.RemoveAsync([await cloud.InstanceAsync(name)]);
    }

    [PartitionTheory]
    [InlineData("gpt", "growpart")]
    [InlineData("dos", "growpart")]
    [InlineData("gpt", "sfdisk")]
    [InlineData("dos", "sfdisk")]
    public async Task AVolumeWithAPartitionGrowsWithItsPartitionWhileItIsInUse(string table, string tool)
    {
        string name = $"{table}-{tool}";
        Volume source = await PartitionedAsync(name, "xfs", $"label: {table}\\n,,L\\n");
        Snapshot snapshot = await cloud.SnapshotAsync(name, name);
        await new VolumeRemoval(cloud.Session).RemoveAsync(source);
        await HideAsync(tool == "growpart" ? "sfdisk-none" : "growpart", true);
        try
        {
            // Restored, and larger than the snapshot: all of it is there at once.
            Volume restored = await cloud.Maker.MakeAsync(new VolumeRequest
            {
                Name = name + "-back",
                Size = 2,
                Snapshot = name,
                Instance = await cloud.InstanceAsync("od1"),
                Mount = new MountRequest { MountPoint = "/mnt/part" },
            });
            Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/part/file"));
            Assert.InRange(await SizeAsync("od1", "/mnt/part"), 1700, 2048);

            // And while somebody works on it.
            await cloud.OnAsync("od1", "(nohup sh -c 'while :; do date >> /mnt/part/ticks; sleep 0.1; done' >/dev/null 2>&1 &)");
            Volume grown = await new VolumeGrowth(cloud.Session, cloud.Connector, cloud.Reports).ChangeAsync(restored, new VolumeChange { Size = 4 });
            Assert.Equal(4, grown.Size);
            Assert.InRange(await SizeAsync("od1", "/mnt/part"), 3700, 4096);
            await cloud.OnAsync("od1", "test $(lsblk -bno SIZE $(findmnt -no SOURCE /mnt/part)) -gt 4200000000 || sudo blockdev --getsize64 $(findmnt -no SOURCE /mnt/part)");
            Volume free = await cloud.DismountAsync(name + "-back", force: true);

            // The table itself says so too: another machine sees the same.
            await cloud.MountAsync(free.VolumeId, "od2", new MountRequest { MountPoint = "/mnt/part" });
            Assert.InRange(await SizeAsync("od2", "/mnt/part"), 3700, 4096);
            await EndAsync([free]);
        }
        finally
        {
            await HideAsync(tool == "growpart" ? "sfdisk-none" : "growpart", false);
            await new SnapshotRemoval(cloud.Session).RemoveAsync(snapshot);
        }
    }

    [PartitionTheory]
    [InlineData("gpt")]
    [InlineData("dos")]
    public async Task APartitionThatIsNotTheLastStaysAsItIsAndTheErrorSaysSo(string table)
    {
        Volume volume = await PartitionedAsync("mid-" + table, "xfs", $"label: {table}\\n,512M,L\\n,,L\\n");
        await cloud.MountAsync(volume.VolumeId, "od1", new MountRequest { MountPoint = "/mnt/mid" });
        int before = await SizeAsync("od1", "/mnt/mid");
        Fe2Exception refused = await cloud.FailsAsync(() => new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(volume, new VolumeChange { Size = 2 }));
        Assert.Equal("PartitionNotLast", refused.Id);
        Assert.Contains("partition 1 cannot grow: partition 2 comes behind it", refused.Message, StringComparison.Ordinal);
        Assert.Equal((before, "kept"), (await SizeAsync("od1", "/mnt/mid"), await cloud.OnAsync("od1", "cat /mnt/mid/file")));
        Assert.Equal(2, (await cloud.Query.GetAsync(volume.VolumeId)).Size);

        // Mounting is no order to grow: it says so and goes on.
        await cloud.DismountAsync(volume.VolumeId);
        await cloud.MountAsync(volume.VolumeId, "od1", new MountRequest { MountPoint = "/mnt/mid" });
        Assert.Contains(cloud.Reports.All.OfType<WarningReport>(), w => w.Message.Contains("partition 2 comes behind it", StringComparison.Ordinal));
        await EndAsync([volume]);
    }

    [Ext4Fact(refused: false)]
    public async Task AMountedExt4VolumeGrowsWhileItIsInUse()
    {
        Volume volume = await cloud.MakeAsync("ext4-online", point: "/mnt/ext4");
        await cloud.OnAsync("od1", "echo kept > /mnt/ext4/file");
        await new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(volume, new VolumeChange { Size = 3 });
        Assert.InRange(await SizeAsync("od1", "/mnt/ext4"), 2700, 3072);
        Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/ext4/file"));
        await EndAsync([volume]);
    }

    [Ext4Fact(refused: true)]
    public async Task AMountedExt4VolumeThatTheKernelRefusesToGrowSaysSoAndGrowsWhenItIsMountedNext()
    {
        Volume volume = await cloud.MakeAsync("ext4-refused", point: "/mnt/ext4");
        await cloud.OnAsync("od1", "echo kept > /mnt/ext4/file");
        Fe2Exception refused = await cloud.FailsAsync(() => new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(volume, new VolumeChange { Size = 3 }));
        Assert.Equal("GrowFailed", refused.Id);
        Assert.Contains("Permission denied to resize filesystem", refused.Message, StringComparison.Ordinal);
        Assert.Contains("mount it again", refused.NextStep, StringComparison.Ordinal);
        Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/ext4/file"));
        await cloud.DismountAsync(volume.VolumeId);
        await cloud.MountAsync(volume.VolumeId, "od1");
        Assert.InRange(await SizeAsync("od1", "/mnt/ext4"), 2700, 3072);
        Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/ext4/file"));
        await EndAsync([volume]);
    }

    [PartitionTheory]
    [InlineData("gpt")]
    public async Task AnExt4PartitionGrowsAtTheNextMountAtTheLatest(string table)
    {
        Volume volume = await PartitionedAsync("ext4-" + table, "ext4", $"label: {table}\\n,,L\\n");
        await new VolumeGrowth(cloud.Session, cloud.Connector).ChangeAsync(volume, new VolumeChange { Size = 3 });
        await cloud.MountAsync(volume.VolumeId, "od1", new MountRequest { MountPoint = "/mnt/ext4p" });
        Assert.InRange(await SizeAsync("od1", "/mnt/ext4p"), 2700, 3072);
        Assert.Equal("kept", await cloud.OnAsync("od1", "cat /mnt/ext4p/file"));
        await EndAsync([volume]);
    }

    /// <summary>A volume with a partition table and a file system with one file in its first partition.</summary>
    private Task<Volume> PartitionedAsync(string name, string type, string table) => cloud.PreparedAsync(
        name,
        $"printf '{table}' | sudo sfdisk -q --no-reread --no-tell-kernel DISK",
        $"sudo mkfs.{type} -q DISK-part1 && sudo mkdir -p /tmp/p && sudo mount DISK-part1 /tmp/p && echo kept | sudo tee /tmp/p/file && sudo chmod 777 /tmp/p && sudo umount /tmp/p");

    /// <summary>Takes a program away from <c>od1</c>, or gives it back.</summary>
    private Task HideAsync(string program, bool isHidden) => cloud.OnAsync(
        "od1", isHidden ? $"p=$(command -v {program}) && sudo mv $p $p.hidden || :" : $"for p in /usr/bin /usr/sbin /sbin; do [ ! -e $p/{program}.hidden ] || sudo mv $p/{program}.hidden $p/{program}; done");

    private async Task<int> SizeAsync(string on, string point) => int.Parse(await cloud.OnAsync(on, $"df --output=size -B1M {point} | tail -1"), null);

    private async Task WriteAsync(Volume[] volumes, string on)
    {
        foreach (Volume volume in volumes)
        {
            await cloud.MountAsync(volume.VolumeId, on, new MountRequest { MountPoint = "/mnt/" + VolumeFacts.NameOf(volume) });
            await cloud.OnAsync(on, $"echo {VolumeFacts.NameOf(volume)} > /mnt/{VolumeFacts.NameOf(volume)}/file");
        }
    }

    private async Task ReadAsync(Volume[] volumes, string on)
    {
        foreach (Volume volume in volumes)
        {
            await cloud.MountAsync(volume.VolumeId, on);
            Assert.Equal(VolumeFacts.NameOf(volume), await cloud.OnAsync(on, $"cat /mnt/{VolumeFacts.NameOf(volume)}/file"));
        }
    }

    private Task<string> DevicesAsync(Volume[] volumes, string on) =>
        cloud.OnAsync(on, $"echo {string.Join(' ', volumes.Select(v => $"$(findmnt -no SOURCE /mnt/{VolumeFacts.NameOf(v)})"))}");

    private async Task EndAsync(Volume[] volumes)
    {
        foreach (Volume volume in volumes)
            await new VolumeRemoval(cloud.Session).RemoveAsync(await cloud.DismountAsync(volume.VolumeId, force: true));
    }
}
