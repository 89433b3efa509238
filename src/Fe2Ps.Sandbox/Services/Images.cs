using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>DescribeImages.</summary>
internal static class Images
{
    private static readonly Filters<Image> s_filters = new Filters<Image>()
        .One("image-id", item => item.Id)
        .One("name", item => item.Name)
        .One("description", item => item.Description)
        .One("architecture", item => item.Architecture)
        .One("owner-id", item => item.OwnerId)
        .One("owner-alias", item => item.OwnerAlias)
        .One("state", item => item.State)
        .One("is-public", item => item.Public)
        .One("creation-date", item => item.CreatedAt)
        .One("root-device-type", _ => "ebs")
        .One("root-device-name", item => item.RootDevice)
        .One("virtualization-type", _ => "hvm")
        .One("image-type", _ => "machine")
        .One("hypervisor", _ => "xen")
        .One("ena-support", _ => true)
        .One("platform", _ => null)
        .One("platform-details", item => item.PlatformDetails)
        .One("source-instance-id", item => item.SourceInstanceId)
        .Many("block-device-mapping.snapshot-id", item => item.Devices.Select(device => device.SnapshotId))
        .Many("block-device-mapping.volume-type", item => item.Devices.Select(device => device.Type))
        .Many("block-device-mapping.volume-size", item => item.Devices.Select(device => (object?)device.Size))
        .Many("block-device-mapping.device-name", item => item.Devices.Select(device => device.Device));

    public static void Register(OperationTable table) => table.Add("DescribeImages", Describe);

    private static Fields Describe(Call call)
    {
        var (ids, owners) = (call.Input.Strings("ImageIds"), call.Input.Strings("Owners"));
        if (ids.Count > 0 && call.Input.Has("MaxResults"))
            throw new ApiException("InvalidParameterCombination", "The parameter imagesSet cannot be used with the parameter maxResults");
        var images = ids.Count > 0
            ? ids.Select(call.Image)
            : call.Region.Images.Values.Concat(PublicImages.In(call.Facts.Name).Values)
                .Where(image => call.Input.Is("IncludeDeprecated") || image.DeprecatedAt is null || image.DeprecatedAt > call.Now || image.OwnerId == call.AccountId);
        if (owners.Count > 0)
        {
            images = images.Where(image => owners.Any(owner => owner switch
            {
                "self" => image.OwnerId == call.AccountId,
                _ => owner == image.OwnerId || owner == image.OwnerAlias,
            }));
        }

        var page = Pages.Cut(s_filters.Apply(images, call.Input), call, image => image.Id);
        return new Fields { ["Images"] = page.Items.Select(image => One(call, image)), ["NextToken"] = page.NextToken };
    }

    private static Fields One(Call call, Image image) => new()
    {
        ["ImageId"] = image.Id,
        ["ImageLocation"] = $"{(image.Public ? image.OwnerAlias ?? image.OwnerId : call.AccountId)}/{image.Name}",
        ["State"] = image.State,
        ["StateReason"] = image.StateReason is null ? null : new Fields { ["Code"] = "Server.InternalError", ["Message"] = image.StateReason },
        ["OwnerId"] = image.OwnerId,
        ["ImageOwnerAlias"] = image.OwnerAlias,
        ["CreationDate"] = Timestamps.Iso(image.CreatedAt),
        ["DeprecationTime"] = image.DeprecatedAt is { } time ? Timestamps.Iso(time) : null,
        ["Public"] = image.Public,
        ["Architecture"] = image.Architecture,
        ["ImageType"] = "machine",
        ["Name"] = image.Name,
        ["Description"] = image.Description.Length == 0 ? null : image.Description,
        ["RootDeviceType"] = "ebs",
        ["RootDeviceName"] = image.RootDevice,
        ["BlockDeviceMappings"] = image.Devices.Select(device => new Fields
        {
            ["DeviceName"] = device.Device,
            ["Ebs"] = new Fields
            {
                ["DeleteOnTermination"] = device.DeleteOnTermination,
                ["SnapshotId"] = device.SnapshotId,
                ["VolumeSize"] = device.Size,
                ["VolumeType"] = device.Type,
                ["Iops"] = device.Iops,
                ["Throughput"] = device.Throughput,
                ["Encrypted"] = device.Encrypted,
            },
        }).ToList(),
        ["VirtualizationType"] = "hvm",
        ["Hypervisor"] = "xen",
        ["EnaSupport"] = true,
        ["SriovNetSupport"] = "simple",
        ["BootMode"] = image.Architecture == "arm64" ? "uefi" : "uefi-preferred",
        ["PlatformDetails"] = image.PlatformDetails,
        ["UsageOperation"] = "RunInstances",
        ["ImdsSupport"] = image.Public && image.OwnerAlias is null && image.OwnerId == PublicImages.Canonical ? null : "v2.0",
        ["SourceInstanceId"] = image.SourceInstanceId,
        ["SourceImageId"] = image.SourceImageId,
        ["SourceImageRegion"] = image.SourceImageId is null ? null : call.Facts.Name,
        ["Tags"] = TagRules.List(image),
    };
}
