using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Volumes: Create-, Attach-, Detach-, Delete- and DescribeVolumes.</summary>
internal static class Volumes
{
    private static readonly Filters<Volume> s_filters = new Filters<Volume>()
        .One("volume-id", item => item.Id)
        .One("status", item => item.State)
        .One("size", item => item.Size)
        .One("volume-type", item => item.Type)
        .One("availability-zone", item => item.Zone)
        .One("snapshot-id", item => item.SnapshotId)
        .One("encrypted", item => item.Encrypted)
        .One("create-time", item => item.CreatedAt)
        .One("multi-attach-enabled", item => item.MultiAttach)
        .One("attachment.instance-id", item => item.Attachment?.InstanceId)
        .One("attachment.device", item => item.Attachment?.Device)
        .One("attachment.status", item => item.Attachment?.State)
        .One("attachment.delete-on-termination", item => item.Attachment?.DeleteOnTermination)
        .One("attachment.attach-time", item => item.Attachment?.Time);

    public static void Register(OperationTable table)
    {
        table.Add("CreateVolume", call => Create(call, table));
        table.Add("AttachVolume", call => Attach(call, table));
        table.Add("DetachVolume", call => Detach(call, table));
        table.Add("DeleteVolume", call => Delete(call, table));
        table.Add("DescribeVolumes", Describe);
    }

    private static Fields Create(Call call, OperationTable table)
    {
        var input = call.Input;
        if (call.Replay(input.Text("ClientToken")) is [var known, ..] && call.Region.Volumes.TryGetValue(known, out var existing))
            return One(existing);
        var zone = input.Text("AvailabilityZone") ?? call.Facts.Zones.FirstOrDefault(zone => zone.Id == input.Text("AvailabilityZoneId"))?.Name
            ?? throw ApiException.Missing("AvailabilityZone");
        if (call.Facts.Zones.All(known => known.Name != zone))
            throw new ApiException("InvalidZone.NotFound", $"The zone '{zone}' does not exist.");
        var snapshot = input.Text("SnapshotId") is { Length: > 0 } id ? call.Snapshot(id) : null;
        if (snapshot is { State: not "completed" })
            throw new ApiException("IncorrectState", $"Snapshot is in invalid state - {snapshot.State}");
        var size = input.Int("Size") ?? snapshot?.Size ?? throw new ApiException("MissingParameter", "The request must contain the parameter size/snapshot");
        if (size < snapshot?.Size)
            throw new ApiException("InvalidParameterValue", $"Volume of {size}GiB is smaller than snapshot '{snapshot.Id}' of {snapshot.Size}GiB.");
        var type = input.Text("VolumeType") ?? "gp2";
        var (iops, throughput) = VolumeRules.Performance(type, size, input.Int("Iops"), input.Int("Throughput"));
        var volume = new Volume
        {
            Id = Ids.New("vol"),
            Zone = zone,
            Size = size,
            Type = type,
            Iops = iops,
            Throughput = throughput,
            SnapshotId = snapshot?.Id ?? "",
            Encrypted = input.Bool("Encrypted") ?? snapshot?.Encrypted ?? false,
            MultiAttach = input.Is("MultiAttachEnabled"),
            CreatedAt = call.Now,
            VisibleAt = call.Now + TimeSpan.FromSeconds(call.Cloud.Faults.Strike("late-visibility", call.Operation.Name)?.Seconds ?? 0),
            Tags = TagRules.For(input, "volume"),
        };
        call.Region.Volumes[volume.Id] = volume;
        call.Remember(input.Text("ClientToken"), [volume.Id]);
        var source = HostSpecs.DataSnapshot(call.Region, volume);
        table.Hosts.Then(
            volume.Id,
            async token =>
            {
                await table.Hosts.StoragePause().ConfigureAwait(false);
                await call.Cloud.Fabric.CreateVolumeAsync(volume.Id, size, source, token).ConfigureAwait(false);
            },
            () => volume.State = "available",
            _ => volume.State = "error");
        return One(volume);
    }

    private static Fields Attach(Call call, OperationTable table)
    {
        var volume = call.Volume(call.Input.Text("VolumeId")!);
        var instance = call.Instance(call.Input.Text("InstanceId")!);
        var device = call.Input.Text("Device")!;
        if (volume.State == "in-use")
            throw new ApiException("VolumeInUse", $"{volume.Id} is already attached to an instance");
        if (volume.State != "available")
            throw new ApiException("IncorrectState", $"Volume '{volume.Id}' is not in the 'available' state.");
        if (instance.State is not (InstanceState.Running or InstanceState.Stopped))
            throw new ApiException("IncorrectState", $"Instance '{instance.Id}' is not 'running' or 'stopped'.");
        if (instance.Zone != volume.Zone)
            throw new ApiException("InvalidVolume.ZoneMismatch", $"The volume '{volume.Id}' is not in the same availability zone as instance '{instance.Id}'");
        if (!device.StartsWith("/dev/", StringComparison.Ordinal) && !device.StartsWith("xvd", StringComparison.Ordinal))
            throw new ApiException("InvalidParameterValue", $"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name.");
        if (instance.VolumeIds.Any(id => call.Region.Volumes.GetValueOrDefault(id)?.Attachment?.Device == device))
            throw new ApiException("InvalidParameterValue", $"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use");
        volume.State = "in-use";
        volume.Attachment = new Attachment { InstanceId = instance.Id, Device = device, State = "attaching", Time = call.Now };
        instance.VolumeIds.Add(volume.Id);
        var attachment = volume.Attachment;
        if (instance.State == InstanceState.Stopped || !instance.HasHost || call.Cloud.Fabric.Kind == HostKind.None)
        {
            call.Cloud.After(call.Cloud.Pace.Storage, () => attachment.State = "attached");
        }
        else
        {
            table.Hosts.Then(
                instance.Id, token => call.Cloud.Fabric.AttachVolumeAsync(volume.Id, instance.Id, device, token), () => attachment.State = "attached",
                _ => Release(instance, volume));
        }

        return View(volume.Id, attachment);
    }

    private static Fields Detach(Call call, OperationTable table)
    {
        var volume = call.Volume(call.Input.Text("VolumeId")!);
        if (volume.Attachment is not { } attachment || attachment.State == "detaching")
            throw new ApiException("IncorrectState", $"Volume '{volume.Id}' is in the '{volume.State}' state.");
        if (call.Input.Text("InstanceId") is { } named && call.Instance(named).Id != attachment.InstanceId)
            throw new ApiException("InvalidAttachment.NotFound", $"The volume '{volume.Id}' is not attached to instance '{named}'.");
        var instance = call.Region.Instances[attachment.InstanceId];
        if (instance.RootVolumeId == volume.Id)
        {
            throw instance.State == InstanceState.Stopped
                ? new ApiException("UnsupportedOperation", "The sandbox does not move root volumes from one instance to another.")
                : new ApiException("OperationNotPermitted", $"Unable to detach root volume '{volume.Id}' from instance '{instance.Id}'");
        }

        attachment.State = "detaching";
        var force = call.Input.Is("Force");
        if (!instance.HasHost || call.Cloud.Fabric.Kind == HostKind.None)
        {
            call.Cloud.After(call.Cloud.Pace.Storage, () => Release(instance, volume));
        }
        else
        {
            table.Hosts.Then(
                instance.Id, token => call.Cloud.Fabric.DetachVolumeAsync(volume.Id, force, token), () => Release(instance, volume),
                _ => attachment.State = "attached");
        }

        return View(volume.Id, attachment);
    }

    private static void Release(Instance instance, Volume volume)
    {
        if (volume.Attachment?.InstanceId != instance.Id)
            return;
        instance.VolumeIds.Remove(volume.Id);
        volume.Attachment = null;
        volume.State = "available";
    }

    private static Fields? Delete(Call call, OperationTable table)
    {
        var volume = call.Volume(call.Input.Text("VolumeId")!);
        if (volume.Attachment is { } attachment)
            throw new ApiException("VolumeInUse", $"Volume {volume.Id} is currently attached to {attachment.InstanceId}");
        if (volume.State is not ("available" or "error"))
            throw new ApiException("IncorrectState", $"The volume '{volume.Id}' is not in a state in which it can be deleted.");
        volume.State = "deleting";
        table.Hosts.Then(volume.Id, token => call.Cloud.Fabric.DeleteVolumeAsync(volume.Id, token), () => call.Region.Volumes.Remove(volume.Id));
        return null;
    }

    private static Fields Describe(Call call)
    {
        var ids = call.Input.Strings("VolumeIds");
        var volumes = ids.Count > 0 ? ids.Select(call.Volume) : call.Region.Volumes.Values.Where(volume => volume.VisibleAt <= call.Now);
        var page = Pages.Cut(s_filters.Apply(volumes, call.Input), call, volume => volume.Id);
        return new Fields { ["Volumes"] = page.Items.Select(One), ["NextToken"] = page.NextToken };
    }

    private static Fields View(string volumeId, Attachment attachment) => new()
    {
        ["VolumeId"] = volumeId,
        ["InstanceId"] = attachment.InstanceId,
        ["Device"] = attachment.Device,
        ["State"] = attachment.State,
        ["AttachTime"] = attachment.Time,
        ["DeleteOnTermination"] = attachment.DeleteOnTermination,
    };

    private static Fields One(Volume volume) => new()
    {
        ["VolumeId"] = volume.Id,
        ["Size"] = volume.Size,
        ["SnapshotId"] = volume.SnapshotId,
        ["AvailabilityZone"] = volume.Zone,
        ["State"] = volume.State,
        ["CreateTime"] = volume.CreatedAt,
        ["Attachments"] = volume.Attachment is null ? Array.Empty<Fields>() : new[] { View(volume.Id, volume.Attachment) },
        ["Encrypted"] = volume.Encrypted,
        ["Iops"] = volume.Iops,
        ["Throughput"] = volume.Throughput,
        ["VolumeType"] = volume.Type,
        ["MultiAttachEnabled"] = volume.MultiAttach,
        ["Tags"] = TagRules.List(volume),
    };
}
