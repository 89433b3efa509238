using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>CreateSnapshot, CreateSnapshots, DeleteSnapshot, DescribeSnapshots.</summary>
internal static class Snapshots
{
    private static readonly Filters<Snapshot> s_filters = new Filters<Snapshot>()
        .One("snapshot-id", item => item.Id)
        .One("volume-id", item => item.VolumeId)
        .One("volume-size", item => item.Size)
        .One("status", item => item.State)
        .One("progress", item => $"{item.Progress}%")
        .One("description", item => item.Description)
        .One("encrypted", item => item.Encrypted)
        .One("owner-id", item => item.OwnerId)
        .One("start-time", item => item.CreatedAt)
        .One("storage-tier", _ => "standard");

    public static void Register(OperationTable table)
    {
        table.Add("CreateSnapshot", call =>
        {
            var volume = call.Volume(call.Input.Text("VolumeId")!);
            if (volume.State is not ("available" or "in-use"))
                throw new ApiException("IncorrectState", $"The volume '{volume.Id}' is not in a state in which a snapshot can be made.");
            return One(Take(call, table, volume, call.Input.Text("Description") ?? "", TagRules.For(call.Input, "snapshot"), () => { }, _ => { }));
        });
        table.Add("CreateSnapshots", call => TakeAll(call, table));
        table.Add("DeleteSnapshot", call => Delete(call, table));
        table.Add("DescribeSnapshots", Describe);
    }

    /// <summary>Begins a snapshot; it is completed later.</summary>
    public static Snapshot Take(
        Call call, OperationTable table, Volume volume, string description, Dictionary<string, string> tags, Action done, Action<Exception> failed)
    {
        var snapshot = new Snapshot
        {
            Id = Ids.New("snap"),
            VolumeId = volume.Id,
            Size = volume.Size,
            Description = description,
            Encrypted = volume.Encrypted,
            IsRoot = volume.IsRoot,
            OwnerId = call.AccountId,
            CreatedAt = call.Now,
            Tags = tags,
        };
        call.Region.Snapshots[snapshot.Id] = snapshot;
        var key = volume.Attachment?.InstanceId ?? volume.Id;
        if (!volume.IsRoot && call.Region.Instances.GetValueOrDefault(key) is { State: InstanceState.Running, HasHost: true })
            call.Cloud.Fabric.HoldStill(volume.Id);
        table.Hosts.Then(
            key,
            async token =>
            {
                await call.Cloud.Fabric.CreateSnapshotAsync(snapshot.Id, volume.Id, new Percent(call.Cloud, snapshot), token).ConfigureAwait(false);
                await table.Hosts.StoragePause().ConfigureAwait(false);
            },
            () =>
            {
                (snapshot.State, snapshot.Progress, snapshot.CompletedAt) = ("completed", 100, call.Cloud.Now);
                done();
            },
            error =>
            {
                snapshot.State = "error";
                failed(error);
            });
        return snapshot;
    }

    /// <summary>Removes a snapshot with its content.</summary>
    public static void Remove(RegionState region, OperationTable table, Cloud cloud, string id)
    {
        region.Snapshots.Remove(id);
        table.Hosts.Then(id, token => cloud.Fabric.DeleteSnapshotAsync(id, token), () => { });
    }

    private static Fields TakeAll(Call call, OperationTable table)
    {
        var wanted = call.Input.Struct("InstanceSpecification")!;
        var instance = call.Instance(wanted.Text("InstanceId")!);
        if (instance.State is not (InstanceState.Running or InstanceState.Stopping or InstanceState.Stopped))
            throw new ApiException("IncorrectState", $"Instance '{instance.Id}' is not in a state in which snapshots of its volumes can be made.");
        var without = wanted.Strings("ExcludeDataVolumeIds");
        if (without.FirstOrDefault(id => id == instance.RootVolumeId || !instance.VolumeIds.Contains(id)) is { } foreign)
            throw new ApiException("InvalidParameterValue", $"The volume '{foreign}' is no data volume of the instance '{instance.Id}'.");
        var volumes = instance.VolumeIds.Where(id => !without.Contains(id) && !(id == instance.RootVolumeId && wanted.Is("ExcludeBootVolume")))
            .Select(id => call.Region.Volumes[id]).ToList();
        if (volumes.Count == 0)
            throw new ApiException("InvalidParameterCombination", $"No volume of the instance '{instance.Id}' is left to make a snapshot of.");
        var given = TagRules.For(call.Input, "snapshot");
        var copies = call.Input.Text("CopyTagsFromSource") == "volume";
        return new Fields
        {
            ["Snapshots"] = volumes.Select(volume =>
            {
                var tags = copies ? volume.Tags.Where(tag => !tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)) : [];
                var all = new Dictionary<string, string>(tags, StringComparer.Ordinal);
                foreach (var (key, value) in given)
                    all[key] = value;
                var snapshot = Take(call, table, volume, call.Input.Text("Description") ?? "", all, () => { }, _ => { });
                return new Fields
                {
                    ["SnapshotId"] = snapshot.Id,
                    ["VolumeId"] = snapshot.VolumeId,
                    ["VolumeSize"] = snapshot.Size,
                    ["State"] = snapshot.State,
                    ["StartTime"] = snapshot.CreatedAt,
                    ["Progress"] = "",
                    ["OwnerId"] = snapshot.OwnerId,
                    ["Description"] = snapshot.Description,
                    ["Encrypted"] = snapshot.Encrypted,
                    ["Tags"] = TagRules.List(snapshot),
                };
            }).ToList(),
        };
    }

    private static Fields? Delete(Call call, OperationTable table)
    {
        var id = call.Input.Text("SnapshotId")!;
        if (call.Snapshot(id).OwnerId != call.AccountId)
            throw new ApiException("InvalidSnapshot.NotFound", $"The snapshot '{id}' does not exist.");
        var user = call.Region.Images.Values.FirstOrDefault(image => image.Devices.Any(device => device.SnapshotId == id));
        if (user is not null)
            throw new ApiException("InvalidSnapshot.InUse", $"The snapshot {id} is currently in use by {user.Id}");
        Remove(call.Region, table, call.Cloud, id);
        return null;
    }

    private static Fields Describe(Call call)
    {
        var (ids, owners) = (call.Input.Strings("SnapshotIds"), call.Input.Strings("OwnerIds"));
        if (ids.Count > 0 && call.Input.Has("MaxResults"))
            throw new ApiException("InvalidParameterCombination", "The parameter snapshotSet cannot be used with the parameter maxResults");
        var snapshots = ids.Count > 0 ? ids.Select(call.Snapshot) : call.Region.Snapshots.Values;
        if (owners.Count > 0)
            snapshots = snapshots.Where(snapshot => owners.Any(owner => owner == snapshot.OwnerId || (owner == "self" && snapshot.OwnerId == call.AccountId)));
        var page = Pages.Cut(s_filters.Apply(snapshots, call.Input), call, snapshot => snapshot.Id);
        return new Fields { ["Snapshots"] = page.Items.Select(One), ["NextToken"] = page.NextToken };
    }

    private static Fields One(Snapshot snapshot) => new()
    {
        ["SnapshotId"] = snapshot.Id,
        ["VolumeId"] = snapshot.VolumeId,
        ["State"] = snapshot.State,
        ["StartTime"] = snapshot.CreatedAt,
        ["CompletionTime"] = snapshot.CompletedAt,
        ["Progress"] = snapshot.Progress == 0 ? "" : $"{snapshot.Progress}%",
        ["OwnerId"] = snapshot.OwnerId,
        ["Description"] = snapshot.Description,
        ["VolumeSize"] = snapshot.Size,
        ["Encrypted"] = snapshot.Encrypted,
        ["StorageTier"] = "standard",
        ["Tags"] = TagRules.List(snapshot),
    };

    private sealed class Percent(Cloud cloud, Snapshot snapshot) : IProgress<int>
    {
        public void Report(int value) => cloud.Guarded(() => snapshot.Progress = Math.Clamp(value, snapshot.Progress, 99));
    }
}
