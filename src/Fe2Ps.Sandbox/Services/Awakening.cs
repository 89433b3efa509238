using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Services;

/// <summary>What follows a restart: the instances that ran boot again, and what was under way is ended one way or the other.</summary>
internal static class Awakening
{
    public static void Wake(Cloud cloud, OperationTable table)
    {
        foreach (var region in cloud.State.Regions.Values)
        {
            foreach (var snapshot in region.Snapshots.Values.Where(snapshot => snapshot.State == "pending"))
                snapshot.State = "error";
            foreach (var image in region.Images.Values.Where(image => image.State == "pending"))
                (image.State, image.StateReason) = ("failed", "The sandbox ended while the image was being made.");
            foreach (var volume in region.Volumes.Values.ToList())
                WakeVolume(cloud, table, region, volume);
            foreach (var instance in region.Instances.Values.ToList())
            {
                table.Hosts.Resume(region, instance);
                table.Spot.Resume(region, instance);
            }
        }

        cloud.Changed();
    }

    private static void WakeVolume(Cloud cloud, OperationTable table, RegionState region, Volume volume)
    {
        if (volume.Attachment is { } attachment)
            attachment.State = "attached";
        VolumeChanges.Resume(cloud, volume);
        if (volume.State == "deleting")
            table.Hosts.Then(volume.Id, token => cloud.Fabric.DeleteVolumeAsync(volume.Id, token), () => region.Volumes.Remove(volume.Id));
        if (volume.State == "creating")
        {
            var source = HostSpecs.DataSnapshot(region, volume);
            table.Hosts.Then(
                volume.Id, token => cloud.Fabric.CreateVolumeAsync(volume.Id, volume.Size, source, token), () => volume.State = "available", _ => volume.State = "error");
        }
    }
}
