using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>Volumes: real block devices that come and go.</summary>
public sealed class ContainerVolumeTests(FabricFixture fixture) : IClassFixture<FabricFixture>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [ContainerFact]
    public async Task A_volume_moves_from_host_to_host_with_its_data()
    {
        var (fabric, first, second) = (fixture.Fabric, await fixture.StartAsync(), await fixture.StartAsync());
        await fabric.CreateVolumeAsync("vol-move1", 1, null, None);
        await fabric.AttachVolumeAsync("vol-move1", first.InstanceId, "/dev/sdf", None);
        await fixture.SshAsync(
            first,
            "sudo mkfs.xfs -q /dev/nvme1n1 && sudo mkdir /data && sudo mount /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_volmove1 /data && echo here | sudo tee /data/file");

        var busy = await Assert.ThrowsAsync<VolumeBusyException>(() => fabric.DetachVolumeAsync("vol-move1", force: false, None));
        Assert.Contains("mounted in " + first.InstanceId, busy.Message, StringComparison.Ordinal);
        await fixture.SshAsync(first, "sudo umount /data");
        await fabric.DetachVolumeAsync("vol-move1", force: false, None);
        Assert.Equal("none", await fixture.SshAsync(first, "ls /dev/nvme1n1 /dev/disk/by-id/* 2>/dev/null || echo none"));

        await fabric.AttachVolumeAsync("vol-move1", second.InstanceId, "/dev/sdf", None);
        Assert.Equal("here", await fixture.SshAsync(second, "sudo mkdir /data && sudo mount /dev/nvme1n1 /data && cat /data/file"));

        await fabric.ResizeVolumeAsync("vol-move1", 2, None);
        Assert.Equal("2147483648", await fixture.SshAsync(second, "sudo blockdev --getsize64 /dev/nvme1n1"));
        await fixture.SshAsync(second, "sudo xfs_growfs /data");
        Assert.Equal("here", await fixture.SshAsync(second, "test $(df --output=size -B1M /data | tail -1) -gt 1500 && cat /data/file"));
    }

    [ContainerFact]
    public async Task A_snapshot_of_a_mounted_volume_is_whole_and_makes_new_volumes()
    {
        var (fabric, spec) = (fixture.Fabric, await fixture.StartAsync());
        await fabric.CreateVolumeAsync("vol-snap1", 1, null, None);
        await fabric.AttachVolumeAsync("vol-snap1", spec.InstanceId, "/dev/xvdg", None);
        await fixture.SshAsync(spec, "sudo mkfs.xfs -q /dev/nvme1n1 && sudo mkdir /a /b && sudo mount /dev/nvme1n1 /a && head -c 5000000 /dev/urandom | sudo tee /a/file >/dev/null");
        var percents = new List<int>();
        await fabric.CreateSnapshotAsync("snap-v1", "vol-snap1", new Direct(percents), None);
        await fixture.SshAsync(spec, "echo later | sudo tee /a/later && sudo mkdir /a/more");

        await fabric.CreateVolumeAsync("vol-snap2", 2, "snap-v1", None);
        await fabric.AttachVolumeAsync("vol-snap2", spec.InstanceId, "/dev/sdh", None);
        Assert.Equal("file", await fixture.SshAsync(spec, "sudo mount -o nouuid /dev/nvme2n1 /b && cmp /a/file /b/file && ls /b"));
        Assert.Equal((0, 100), (percents[0], percents[^1]));
        var used = await Commands.RunAsync("du", ["-sm", Path.Combine(fixture.StateFolder, "volumes", "vol-snap2")], None);
        Assert.True(int.Parse(used.Split('\t')[0], null) < 400, used);

        await fabric.DeleteSnapshotAsync("snap-v1", None);
        await fabric.StopAsync(spec.InstanceId, force: false, None);
        await fabric.StartAsync(spec, None);
        await fixture.UntilSshAsync(spec);
        // The numbers are dealt anew; the serial stays.
        Assert.Equal("nvme2n1", await fixture.SshAsync(spec, "basename $(readlink /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_volsnap1)"));
        Assert.Equal("later", await fixture.SshAsync(spec, "sudo mount /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_volsnap1 /a && cat /a/later"));
    }

    [ContainerFact]
    public async Task A_host_on_Xen_calls_its_disks_by_the_names_under_which_they_were_attached()
    {
        var (fabric, spec) = (fixture.Fabric, await fixture.StartAsync(disks: DiskNames.Xen));
        await fabric.CreateVolumeAsync("vol-xen1", 1, null, None);
        await fabric.CreateVolumeAsync("vol-xen2", 2, null, None);
        await fabric.AttachVolumeAsync("vol-xen1", spec.InstanceId, "/dev/sdg", None);
        await fabric.AttachVolumeAsync("vol-xen2", spec.InstanceId, "/dev/xvdba", None);
        const string look = "ls -d /dev/xvd* /dev/sd* /dev/nvme* /dev/disk 2>/dev/null; sudo blockdev --getsize64 /dev/xvdg /dev/xvdba";
        const string seen = "/dev/xvdba\n/dev/xvdg\n1073741824\n2147483648";
        Assert.Equal(seen, await fixture.SshAsync(spec, look));
        await fabric.StopAsync(spec.InstanceId, force: false, None);
        await fabric.StartAsync(spec, None);
        await fixture.UntilSshAsync(spec);
        Assert.Equal(seen, await fixture.SshAsync(spec, look));
    }

    [PartitionTheory]
    [InlineData("dos", DiskNames.Nvme, "/dev/nvme1n1", "/dev/nvme1n1p1 /dev/nvme1n1p2")]
    [InlineData("gpt", DiskNames.Xen, "/dev/xvdf", "/dev/xvdf1 /dev/xvdf2")]
    public async Task Partitions_are_devices_of_their_own_and_hold_file_systems(string table, DiskNames names, string disk, string parts)
    {
        var (fabric, spec, volume) = (fixture.Fabric, await fixture.StartAsync(disks: names), "vol-part" + table);
        await fabric.CreateVolumeAsync(volume, 1, null, None);
        await fabric.AttachVolumeAsync(volume, spec.InstanceId, "/dev/sdf", None);
        await fixture.SshAsync(spec, $"printf 'label: {table}\\n,512M,L\\n,,L\\n' | sudo sfdisk -q --no-reread --no-tell-kernel {disk}");
        await fabric.DetachVolumeAsync(volume, force: false, None);
        await fabric.AttachVolumeAsync(volume, spec.InstanceId, "/dev/sdf", None);

        Assert.Equal(parts, await fixture.SshAsync(spec, $"echo {disk}p? {disk}? | tr ' ' '\\n' | grep -v '?' | xargs"));
        var second = parts.Split(' ')[1];
        await fixture.SshAsync(spec, $"sudo mkfs.xfs -q {second} && sudo mkdir -p /data && sudo mount {second} /data && echo here | sudo tee /data/file");
        await Assert.ThrowsAsync<VolumeBusyException>(() => fabric.DetachVolumeAsync(volume, force: false, None));
        // A snapshot holds what is mounted from a partition too.
        await fabric.CreateSnapshotAsync("snap-" + volume, volume, null, None);
        await fabric.DetachVolumeAsync(volume, force: true, None);
        Assert.Equal("none", await fixture.SshAsync(spec, $"ls {disk}* 2>/dev/null || echo none"));
        await fabric.CreateVolumeAsync(volume + "b", 1, "snap-" + volume, None);
        await fabric.AttachVolumeAsync(volume + "b", spec.InstanceId, "/dev/sdf", None);
        Assert.Equal("here", await fixture.SshAsync(spec, $"sudo mount {second} /data && cat /data/file"));
    }

    [ContainerFact]
    public async Task A_root_disk_grows_and_its_file_system_follows_at_the_next_start()
    {
        var (fabric, spec) = (fixture.Fabric, await fixture.StartAsync());
        await fixture.SshAsync(spec, "echo kept > kept && sync");
        var before = int.Parse(await fixture.SshAsync(spec, "df --output=size -BG / | tail -1 | tr -dc 0-9"), null);
        await fabric.ResizeVolumeAsync(spec.RootVolumeId, before + 13, None);
        Assert.Equal("kept", await fixture.SshAsync(spec, "cat kept"));
        await fabric.StopAsync(spec.InstanceId, force: false, None);
        await fabric.StartAsync(spec, None);
        await fixture.UntilSshAsync(spec);
        Assert.Equal("kept", await fixture.SshAsync(spec, "cat kept"));
        var after = int.Parse(await fixture.SshAsync(spec, "df --output=size -BG / | tail -1 | tr -dc 0-9"), null);
        Assert.InRange(after, before + 12, before + 13);
        // The room is real.
        await fixture.SshAsync(spec, $"fallocate -l {before + 5}G filler && rm filler");
    }

    [ContainerFact]
    public async Task Force_takes_a_volume_out_from_under_its_file_system()
    {
        var (fabric, first, second) = (fixture.Fabric, await fixture.StartAsync(), await fixture.StartAsync());
        await fabric.CreateVolumeAsync("vol-force1", 1, null, None);
        await fabric.AttachVolumeAsync("vol-force1", first.InstanceId, "/dev/sdf", None);
        await fixture.SshAsync(first, "sudo mkfs.ext4 -q /dev/nvme1n1 && sudo mkdir /data && sudo mount /dev/nvme1n1 /data && echo synced | sudo tee /data/file && sync; nohup sudo sh -c 'cd /data; exec sleep 100' >/dev/null 2>&1 &");

        await fixture.UntilSshAsync(first);
        await fabric.DetachVolumeAsync("vol-force1", force: true, None);
        await fabric.AttachVolumeAsync("vol-force1", second.InstanceId, "/dev/sdf", None);

        Assert.Equal("synced", await fixture.SshAsync(second, "sudo mkdir /data && sudo mount /dev/nvme1n1 /data && cat /data/file"));
        // A host that ends for good leaves its volumes free.
        await fabric.DestroyAsync(second.InstanceId, None);
        await fabric.DeleteVolumeAsync("vol-force1", None);
        Assert.False(File.Exists(Path.Combine(fixture.StateFolder, "volumes", "vol-force1")));
    }

    private sealed class Direct(List<int> values) : IProgress<int>
    {
        public void Report(int value) => values.Add(value);
    }
}
