using Fe2Ps.Sandbox.Tests.Hosts;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class StorageTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public async Task A_volume_is_made_attached_grown_copied_and_removed()
    {
        var instance = (await sandbox.LaunchAsync(1, "Placement.AvailabilityZone=us-east-2b"))[0];
        var volume = await VolumeAsync("us-east-2b");
        await sandbox.CallAsync("AttachVolume", $"VolumeId={volume}", $"InstanceId={instance}", "Device=/dev/sdf");
        await Deadline.UntilAsync(() => sandbox.Region.Volumes[volume].Attachment?.State == "attached", "the volume is attached");
        Assert.Equal("VolumeInUse", await sandbox.CodeOfAsync("DeleteVolume", $"VolumeId={volume}"));
        Assert.Equal("VolumeInUse", await sandbox.CodeOfAsync("AttachVolume", $"VolumeId={volume}", $"InstanceId={instance}", "Device=/dev/sdg"));
        await sandbox.CallAsync("ModifyVolume", $"VolumeId={volume}", "Size=3");
        // Refused while it is under way, and for hours after: on a busy machine it is done by now.
        Assert.Contains(await sandbox.CodeOfAsync("ModifyVolume", $"VolumeId={volume}", "Size=4"), new[] { "IncorrectModificationState", "VolumeModificationRateExceeded" });
        await Deadline.UntilAsync(() => sandbox.Region.Volumes[volume].Change is { State: "completed" }, "the change is completed");
        var change = (await sandbox.CallAsync("DescribeVolumesModifications", $"VolumeId.1={volume}")).Descendants("item").Single();
        Assert.Equal(("1", "3", "100"), (change.Element("originalSize")!.Value, change.Element("targetSize")!.Value, change.Element("progress")!.Value));
        Assert.Equal("VolumeModificationRateExceeded", await sandbox.CodeOfAsync("ModifyVolume", $"VolumeId={volume}", "Size=4"));
        var snapshot = (await sandbox.CallAsync("CreateSnapshot", $"VolumeId={volume}", "Description=kept")).Element("snapshotId")!.Value;
        await Deadline.UntilAsync(() => sandbox.Region.Snapshots[snapshot].State == "completed", "the snapshot is completed");
        Assert.Equal("InvalidParameterValue", await sandbox.CodeOfAsync("CreateVolume", "AvailabilityZone=us-east-2b", $"SnapshotId={snapshot}", "Size=2"));
        await sandbox.CallAsync("DetachVolume", $"VolumeId={volume}");
        await Deadline.UntilAsync(() => sandbox.Region.Volumes[volume].State == "available", "the volume is free");
        await sandbox.CallAsync("DeleteVolume", $"VolumeId={volume}");
        await Deadline.UntilAsync(() => !sandbox.Region.Volumes.ContainsKey(volume), "the volume is gone");
    }

    [Fact]
    public async Task The_volumes_of_an_instance_are_copied_together()
    {
        var instance = (await sandbox.LaunchAsync(
            1, "BlockDeviceMapping.1.DeviceName=/dev/sdb", "BlockDeviceMapping.1.Ebs.VolumeSize=2", "TagSpecification.1.ResourceType=volume",
            "TagSpecification.1.Tag.1.Key=of", "TagSpecification.1.Tag.1.Value=disk"))[0];
        var volumes = sandbox.Region.Instances[instance].VolumeIds.ToList();
        var both = await sandbox.CallAsync(
            "CreateSnapshots", $"InstanceSpecification.InstanceId={instance}", "CopyTagsFromSource=volume", "TagSpecification.1.ResourceType=snapshot",
            "TagSpecification.1.Tag.1.Key=Name", "TagSpecification.1.Tag.1.Value=both");
        Assert.Equal(volumes, both.Descendants("volumeId").Select(id => id.Value));
        Assert.Equal(["of", "Name", "of", "Name"], both.Descendants("key").Select(key => key.Value));
        var data = await sandbox.CallAsync("CreateSnapshots", $"InstanceSpecification.InstanceId={instance}", "InstanceSpecification.ExcludeBootVolume=true");
        Assert.Equal(volumes[1], data.Descendants("volumeId").Single().Value);
        var root = await sandbox.CallAsync(
            "CreateSnapshots", $"InstanceSpecification.InstanceId={instance}", $"InstanceSpecification.ExcludeDataVolumeId.1={volumes[1]}");
        Assert.Equal(volumes[0], root.Descendants("volumeId").Single().Value);
        Assert.Equal(
            "InvalidParameterValue",
            await sandbox.CodeOfAsync(
                "CreateSnapshots", $"InstanceSpecification.InstanceId={instance}", $"InstanceSpecification.ExcludeDataVolumeId.1={volumes[0]}"));
        Assert.Equal("InvalidVolumeModification.NotFound", await sandbox.CodeOfAsync("DescribeVolumesModifications", $"VolumeId.1={volumes[0]}"));
    }

    [Fact]
    public async Task A_volume_of_another_zone_cannot_be_attached()
    {
        var instance = (await sandbox.LaunchAsync(1, "Placement.AvailabilityZone=us-east-2b"))[0];
        var volume = await VolumeAsync("us-east-2c");
        Assert.Equal("InvalidVolume.ZoneMismatch", await sandbox.CodeOfAsync("AttachVolume", $"VolumeId={volume}", $"InstanceId={instance}", "Device=/dev/sdf"));
        Assert.Equal("InvalidZone.NotFound", await sandbox.CodeOfAsync("CreateVolume", "AvailabilityZone=us-east-2x", "Size=1"));
    }

    [Fact]
    public async Task A_volume_that_is_not_to_die_with_its_instance_outlives_it()
    {
        var instance = (await sandbox.LaunchAsync(1, "BlockDeviceMapping.1.DeviceName=/dev/sdb", "BlockDeviceMapping.1.Ebs.VolumeSize=2", "BlockDeviceMapping.1.Ebs.DeleteOnTermination=false"))[0];
        var volumes = sandbox.Region.Instances[instance].VolumeIds.ToList();
        await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={instance}");
        await sandbox.StateAsync(instance, "terminated");
        Assert.False(sandbox.Region.Volumes.ContainsKey(volumes[0]));
        Assert.Equal("available", sandbox.Region.Volumes[volumes[1]].State);
    }

    [Fact]
    public async Task A_frozen_instance_becomes_an_image_that_launches_and_goes_with_its_snapshots()
    {
        var instance = (await sandbox.LaunchAsync())[0];
        var image = (await sandbox.CallAsync("CreateImage", $"InstanceId={instance}", "Name=frozen 1")).Element("imageId")!.Value;
        await Deadline.UntilAsync(() => sandbox.Region.Images[image].State == "available", "the image is available");
        Assert.Equal("InvalidAMIName.Duplicate", await sandbox.CodeOfAsync("CreateImage", $"InstanceId={instance}", "Name=frozen 1"));
        var own = (await sandbox.CallAsync("DescribeImages", "Owner.1=self")).Descendants("imagesSet").Single().Elements("item").Single();
        var snapshot = own.Descendants("snapshotId").Single().Value;
        Assert.Equal("InvalidSnapshot.InUse", await sandbox.CodeOfAsync("DeleteSnapshot", $"SnapshotId={snapshot}"));
        var launched = await sandbox.CallAsync("RunInstances", $"ImageId={image}", "InstanceType=t3.micro", "MinCount=1", "MaxCount=1");
        Assert.Equal(snapshot, sandbox.Region.Volumes[sandbox.Region.Instances[launched.Descendants("instanceId").Single().Value].RootVolumeId].SnapshotId);
        await sandbox.CallAsync("DeregisterImage", $"ImageId={image}", "DeleteAssociatedSnapshots=true");
        Assert.Equal("InvalidAMIID.NotFound", await sandbox.CodeOfAsync("DescribeImages", $"ImageId.1={image}"));
        Assert.Equal("InvalidSnapshot.NotFound", await sandbox.CodeOfAsync("DescribeSnapshots", $"SnapshotId.1={snapshot}"));
        Assert.Equal("AuthFailure", await sandbox.CodeOfAsync("DeregisterImage", $"ImageId={LocalSandbox.Ami()}"));
    }

    private async Task<string> VolumeAsync(string zone)
    {
        var volume = (await sandbox.CallAsync("CreateVolume", $"AvailabilityZone={zone}", "Size=1", "VolumeType=gp3")).Element("volumeId")!.Value;
        await Deadline.UntilAsync(() => sandbox.Region.Volumes[volume].State == "available", "the volume is available");
        return volume;
    }
}
