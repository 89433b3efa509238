using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>CreateImage and DeregisterImage: images that the account makes of its instances.</summary>
internal static class OwnImages
{
    public static void Register(OperationTable table)
    {
        table.Add("CreateImage", call => Create(call, table));
        table.Add("DeregisterImage", call => Deregister(call, table));
    }

    private static Fields Create(Call call, OperationTable table)
    {
        var instance = call.Instance(call.Input.Text("InstanceId")!);
        var name = call.Input.Text("Name")!;
        if (name.Length is < 3 or > 128 || name.Any(character => !char.IsAsciiLetterOrDigit(character) && !"()[] ./-'@_".Contains(character)))
        {
            throw new ApiException(
                "InvalidAMIName.Malformed",
                "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'");
        }

        if (call.Region.Images.Values.FirstOrDefault(image => image.Name == name) is { } taken)
            throw new ApiException("InvalidAMIName.Duplicate", $"AMI name {name} is already in use by AMI {taken.Id}");
        if (instance.State is not (InstanceState.Running or InstanceState.Stopped))
            throw new ApiException("IncorrectState", $"Instance '{instance.Id}' is not 'running' or 'stopped'.");
        var tags = TagRules.For(call.Input, "image", "image", "snapshot");
        var snapshotTags = TagRules.For(call.Input, "snapshot", "image", "snapshot");
        if (instance.State == InstanceState.Running && !call.Input.Is("NoReboot"))
            table.Hosts.Reboot(instance);
        var id = Ids.New("ami");
        var volumes = instance.VolumeIds.Select(volume => call.Region.Volumes[volume]).ToList();
        var left = volumes.Count;
        var fault = call.Cloud.Faults.Strike("image-fails", "CreateImage");
        void Done()
        {
            if (fault is not null)
            {
                Failed(new InvalidOperationException(fault.Code ?? "Server.InternalError: An internal error occurred while the image was being made."));
                return;
            }

            if (--left == 0 && call.Region.Images.TryGetValue(id, out var image) && image.State == "pending")
                image.State = "available";
        }

        void Failed(Exception error)
        {
            if (call.Region.Images.TryGetValue(id, out var image))
                (image.State, image.StateReason) = ("failed", error.Message);
        }

        var devices = volumes.Select(volume =>
        {
            var snapshot = Snapshots.Take(
                call, table, volume, $"Created by CreateImage({instance.Id}) for {id}", new(snapshotTags, StringComparer.Ordinal), Done, Failed);
            return new DeviceMapping(
                volume.Attachment!.Device, snapshot.Id, volume.Size, volume.Type, volume.Type == "gp2" ? null : volume.Iops, volume.Throughput, volume.Encrypted,
                volume.Attachment.DeleteOnTermination);
        }).ToList();
        call.Region.Images[id] = new Image
        {
            Id = id,
            Name = name,
            Description = call.Input.Text("Description") ?? "",
            OwnerId = call.AccountId,
            Architecture = instance.Architecture,
            State = "pending",
            RootDevice = instance.RootDevice,
            LoginUser = instance.LoginUser,
            SourceInstanceId = instance.Id,
            SourceImageId = instance.ImageId,
            CreatedAt = call.Now,
            Devices = devices,
            Tags = tags,
        };
        return new Fields { ["ImageId"] = id };
    }

    private static Fields Deregister(Call call, OperationTable table)
    {
        var image = call.Image(call.Input.Text("ImageId")!);
        if (image.OwnerId != call.AccountId)
            throw new ApiException("AuthFailure", $"Not authorized for image:{image.Id}", 403);
        call.Region.Images.Remove(image.Id);
        if (!call.Input.Is("DeleteAssociatedSnapshots"))
            return new Fields { ["Return"] = true };
        var results = new List<Fields>();
        var stays = call.Cloud.Faults.Strike("snapshots-stay", "DeregisterImage") is not null;
        foreach (var id in image.Devices.Select(device => device.SnapshotId).OfType<string>())
        {
            var inUse = call.Region.Images.Values.Any(other => other.Devices.Any(device => device.SnapshotId == id));
            if (!inUse && !stays)
                Snapshots.Remove(call.Region, table, call.Cloud, id);
            results.Add(new Fields { ["SnapshotId"] = id, ["ReturnCode"] = inUse ? "skipped" : stays ? "internal-error" : "success" });
        }

        return new Fields { ["Return"] = true, ["DeleteSnapshotResults"] = results };
    }
}
