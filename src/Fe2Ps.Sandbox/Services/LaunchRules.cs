using System.Globalization;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>What EC2 checks of a launch, one rule each.</summary>
internal static class LaunchRules
{
    public static Image UsableImage(Call call, string id)
    {
        var image = call.Image(id);
        return image.State == "available" ? image : throw new ApiException("InvalidAMIID.Unavailable", $"The image ID '{id}' is not available");
    }

    public static TypeFacts Type(string name)
    {
        if (InstanceTypes.Find(name) is { } type)
            return type;
        throw KnownNames.Contains(name)
            ? new ApiException("Unsupported", "The requested configuration is currently not supported. Please check the documentation for supported configurations.")
            : new ApiException("InvalidParameterValue", $"Invalid value '{name}' for InstanceType.");
    }

    /// <summary>The types that EC2 knows, whether or not this catalogue has them; set from the model.</summary>
    public static IReadOnlySet<string> KnownNames { get; set; } = new HashSet<string>();

    public static void MatchArchitecture(TypeFacts type, Image image)
    {
        if (type.Architecture != image.Architecture)
        {
            throw new ApiException(
                "InvalidParameterValue",
                $"The architecture '{type.Architecture}' of the specified instance type does not match the architecture '{image.Architecture}' of the specified "
                + "AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or "
                + "'describe-images' to discover the architecture of the instance type or AMI.");
        }
    }

    public static string? Key(Call call, string? name)
        => name is null || call.Region.KeyPairs.Values.Any(key => key.Name == name)
            ? name
            : throw new ApiException("InvalidKeyPair.NotFound", $"The key pair '{name}' does not exist");

    /// <summary>The subnet of a launch; null where the caller leaves the zone to EC2.</summary>
    public static Subnet? Place(Call call, string? subnetId, string? zone)
    {
        if (subnetId is not null)
        {
            if (!Ids.IsForm(subnetId, "subnet"))
                throw new ApiException("InvalidSubnetID.Malformed", $"Invalid id: \"{subnetId}\" (expecting \"subnet-...\")");
            return call.Region.Subnets.FirstOrDefault(subnet => subnet.Id == subnetId)
                ?? throw new ApiException("InvalidSubnetID.NotFound", $"The subnet ID '{subnetId}' does not exist");
        }

        if (string.IsNullOrEmpty(zone))
            return null;
        return call.Region.Subnets.FirstOrDefault(subnet => subnet.Zone == zone)
            ?? throw new ApiException("InvalidParameterValue", $"Invalid availability zone: [{zone}]");
    }

    public static IReadOnlyList<string> Groups(Call call, IReadOnlyList<string> ids, IReadOnlyList<string> names)
    {
        var groups = ids.Select(id => call.Group(id).Id).Concat(names.Select(name => call.GroupByName(name).Id)).Distinct().ToList();
        return groups.Count > 0 ? groups : [call.Region.Groups.Values.First(group => group.Name == "default").Id];
    }

    public static string? UserData(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw new ApiException("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
        }

        return bytes.Length <= 16384 ? text : throw new ApiException("InvalidParameterValue", "User data is limited to 16384 bytes");
    }

    public static SpotPlan? Spot(Call call, Fields? market)
    {
        if (market is null)
            return null;
        var options = market.Struct("SpotOptions");
        if (market.Text("MarketType") is not "spot")
        {
            return options is null && market.Text("MarketType") is null
                ? null : throw new ApiException("InvalidParameterValue", "The market type must be 'spot' where Spot options are given.");
        }

        var price = options?.Text("MaxPrice");
        if (price is not null && (!double.TryParse(price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars) || dollars <= 0))
            throw new ApiException("InvalidParameterValue", $"Invalid value '{price}' for spot instance price.");
        var type = options?.Text("SpotInstanceType") ?? "one-time";
        var interruption = options?.Text("InstanceInterruptionBehavior") ?? "terminate";
        if (type == "one-time" && interruption != "terminate")
            throw new ApiException("InvalidParameterCombination", $"Spot instances of one-time requests cannot have the interruption behavior '{interruption}'.");
        if (options?.Time("ValidUntil") is { } until && until <= call.Now)
            throw new ApiException("InvalidTime", "The time that the request is valid until is in the past.");
        return new SpotPlan(price, type, interruption, options?.Time("ValidUntil"));
    }

    /// <summary>Whether the instance is made ready to hibernate. Source: "Prerequisites for Amazon EC2 instance hibernation" in the EC2 user guide.</summary>
    public static bool Hibernation(bool isWanted, TypeFacts type, DeviceMapping root)
    {
        if (!isWanted)
            return false;
        var reason = !TypeListing.Hibernates(type) ? $"The instance type '{type.Name}' does not support hibernation."
            : !root.Encrypted ? "Hibernation needs an encrypted root volume."
            : (root.Size ?? 8) * 1024L < type.MemoryMiB ? "The root volume is too small for the contents of the memory."
            : null;
        return reason is null ? true : throw new ApiException("UnsupportedHibernationConfiguration", reason);
    }

    /// <summary>The image's devices with the caller's changes and additions.</summary>
    public static IReadOnlyList<DeviceMapping> Devices(Call call, Image image, IReadOnlyList<Fields> requested)
    {
        var devices = image.Devices.ToDictionary(device => device.Device, StringComparer.Ordinal);
        foreach (var mapping in requested)
        {
            var name = mapping.Text("DeviceName") ?? throw ApiException.Missing("BlockDeviceMapping.DeviceName");
            if (mapping.Has("NoDevice"))
            {
                devices.Remove(name);
                continue;
            }

            var ebs = mapping.Struct("Ebs");
            if (ebs is null)
                continue;
            devices.TryGetValue(name, out var original);
            var snapshotId = ebs.Text("SnapshotId") ?? original?.SnapshotId;
            var least = snapshotId is null ? 1 : original is not null && original.SnapshotId == snapshotId ? original.Size ?? 1 : call.Snapshot(snapshotId).Size;
            var size = ebs.Int("VolumeSize") ?? (snapshotId is null
                ? throw new ApiException("InvalidBlockDeviceMapping", $"The block device '{name}' needs a size or a snapshot.") : least);
            if (size < least)
            {
                throw new ApiException(
                    "InvalidBlockDeviceMapping", $"Volume of size {size}GB is smaller than snapshot '{snapshotId}', expect size >= {least}GB");
            }

            var type = ebs.Text("VolumeType") ?? original?.Type ?? "gp2";
            var same = type == original?.Type ? original : null;
            var (iops, throughput) = VolumeRules.Performance(type, size, ebs.Int("Iops") ?? same?.Iops, ebs.Int("Throughput") ?? same?.Throughput);

            // A gp2 volume's IOPS follow from its size and are never asked for.
            devices[name] = new DeviceMapping(
                name, snapshotId, size, type, type == "gp2" ? null : iops, throughput, ebs.Bool("Encrypted") ?? original?.Encrypted ?? false,
                ebs.Bool("DeleteOnTermination") ?? original?.DeleteOnTermination ?? true);
        }

        if (!devices.ContainsKey(image.RootDevice))
            throw new ApiException("InvalidBlockDeviceMapping", $"The root device '{image.RootDevice}' cannot be left out.");
        return [.. devices.Values.OrderBy(device => device.Device != image.RootDevice)];
    }
}
