using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Finds resources by id, with EC2's own errors for those that are malformed or unknown.</summary>
internal static class Lookup
{
    /// <summary>The named instances, in the order of the request.</summary>
    public static List<Instance> Instances(this Call call, IReadOnlyList<string> ids)
    {
        var malformed = ids.FirstOrDefault(id => !Ids.IsForm(id, "i"));
        if (malformed is not null)
            throw new ApiException("InvalidInstanceID.Malformed", $"Invalid id: \"{malformed}\"");
        var missing = ids.Where(id => !call.Region.Instances.TryGetValue(id, out var instance) || instance.VisibleAt > call.Now).ToList();
        if (missing.Count == 1)
            throw new ApiException("InvalidInstanceID.NotFound", $"The instance ID '{missing[0]}' does not exist");
        if (missing.Count > 1)
            throw new ApiException("InvalidInstanceID.NotFound", $"The instance IDs '{string.Join(", ", missing)}' do not exist");
        return [.. ids.Distinct().Select(id => call.Region.Instances[id])];
    }

    public static Instance Instance(this Call call, string id) => call.Instances([id])[0];

    /// <summary>The image, public or own.</summary>
    public static Image Image(this Call call, string id)
    {
        if (!Ids.IsForm(id, "ami"))
            throw new ApiException("InvalidAMIID.Malformed", $"Invalid id: \"{id}\" (expecting \"ami-...\")");
        if (call.Region.Images.TryGetValue(id, out var own))
            return own;
        return Catalogue.PublicImages.In(call.Facts.Name).GetValueOrDefault(id)
            ?? throw new ApiException("InvalidAMIID.NotFound", $"The image id '[{id}]' does not exist");
    }

    public static SecurityGroup Group(this Call call, string id)
    {
        if (!Ids.IsForm(id, "sg"))
            throw new ApiException("InvalidGroupId.Malformed", $"Invalid id: \"{id}\" (expecting \"sg-...\")");
        return call.Region.Groups.GetValueOrDefault(id)
            ?? throw new ApiException("InvalidGroup.NotFound", $"The security group '{id}' does not exist");
    }

    public static SecurityGroup GroupByName(this Call call, string name)
        => call.Region.Groups.Values.FirstOrDefault(group => group.Name == name)
            ?? throw new ApiException("InvalidGroup.NotFound", $"The security group '{name}' does not exist in default VPC '{call.Region.Vpc.Id}'");

    public static Volume Volume(this Call call, string id)
    {
        if (!Ids.IsForm(id, "vol"))
            throw new ApiException("InvalidParameterValue", $"Value ({id}) for parameter volumeId is invalid. Expected: 'vol-...'.");
        return call.Region.Volumes.TryGetValue(id, out var volume) && volume.VisibleAt <= call.Now
            ? volume
            : throw new ApiException("InvalidVolume.NotFound", $"The volume '{id}' does not exist.");
    }

    /// <summary>A snapshot of one's own, or of a public image.</summary>
    public static Snapshot Snapshot(this Call call, string id)
    {
        if (!Ids.IsForm(id, "snap"))
            throw new ApiException("InvalidSnapshotID.Malformed", $"Invalid id: \"{id}\" (expecting \"snap-...\")");
        if (call.Region.Snapshots.TryGetValue(id, out var own))
            return own;
        var image = Catalogue.PublicImages.In(call.Facts.Name).Values.FirstOrDefault(image => image.Devices[0].SnapshotId == id)
            ?? throw new ApiException("InvalidSnapshot.NotFound", $"The snapshot '{id}' does not exist.");
        return new Snapshot
        {
            Id = id,
            VolumeId = "vol-ffffffff",
            Size = image.Devices[0].Size ?? 8,
            State = "completed",
            Progress = 100,
            OwnerId = image.OwnerId,
            Description = image.Name,
            CreatedAt = image.CreatedAt,
            CompletedAt = image.CreatedAt,
            IsRoot = true,
        };
    }
}
