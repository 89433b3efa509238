using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Metadata;

/// <summary>What the instance metadata service says to one instance: leaf paths under <c>/latest/</c> with their texts (EC2 user guide, "Instance metadata categories").</summary>
internal static class MetadataTree
{
    // As EC2 writes them: a plus sign is a plus sign.
    private static readonly JsonSerializerOptions s_plain = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static SortedDictionary<string, string> Of(Cloud cloud, RegionState region, Instance instance, TimeSpan skew = default)
    {
        var tree = new SortedDictionary<string, string>(StringComparer.Ordinal);
        void Add(string path, string? text)
        {
            if (text is not null)
                tree["meta-data/" + path] = text;
        }

        Add("ami-id", instance.ImageId);
        Add("ami-launch-index", instance.LaunchIndex.ToString(CultureInfo.InvariantCulture));
        Add("ami-manifest-path", "(unknown)");
        Add("events/maintenance/history", "[]");
        Add("events/maintenance/scheduled", "[]");
        Add("events/recommendations/rebalance", instance.RebalanceAt is { } rebalance ? JsonSerializer.Serialize(new { noticeTime = Seconds(rebalance + skew) }) : null);
        Add("hostname", InstanceView.PrivateDns(instance));
        Add("instance-action", "none");
        Add("instance-id", instance.Id);
        Add("instance-life-cycle", instance.IsSpot ? "spot" : "on-demand");
        Add("instance-type", instance.Type);
        Add("local-hostname", InstanceView.PrivateDns(instance));
        Add("local-ipv4", instance.PrivateIp);
        Add("mac", instance.Mac);
        Add("placement/availability-zone", instance.Zone);
        Add("placement/availability-zone-id", region.Subnets.FirstOrDefault(subnet => subnet.Zone == instance.Zone)?.ZoneId);
        Add("placement/region", region.Name);
        Add("profile", "default-hvm");
        Add("public-hostname", instance.PublicIp is null ? null : InstanceView.PublicDns(instance));
        Add("public-ipv4", instance.PublicIp);
        Add("reservation-id", instance.ReservationId);
        Add("security-groups", string.Join('\n', instance.GroupIds.Select(id => region.Groups.GetValueOrDefault(id)?.Name)));
        Add("services/domain", "amazonaws.com");
        Add("services/partition", "aws");
        Add("system", "nitro");
        AddDevices(region, instance, Add);
        AddNetwork(cloud, region, instance, Add);
        if (region.KeyPairs.Values.FirstOrDefault(pair => pair.Name == instance.KeyName) is { } key)
            Add("public-keys/0/openssh-key", key.PublicKey);
        if (instance.Notice is { } notice)
        {
            Add("spot/instance-action", JsonSerializer.Serialize(new { action = notice.Action, time = Seconds(notice.Time + skew) }));
            if (notice.Action == "terminate")
                Add("spot/termination-time", Seconds(notice.Time + skew));
        }

        if (instance.ProfileArn is { } profile)
        {
            Add("iam/info", JsonSerializer.Serialize(new { Code = "Success", LastUpdated = Seconds(instance.LaunchTime), InstanceProfileArn = profile, InstanceProfileId = InstanceProfiles.IdOf(cloud, profile) }));
            AddCredentials(cloud, instance, profile, Add);
        }

        if (instance.MetadataTags == "enabled")
        {
            foreach (var (name, value) in instance.Tags)
                Add("tags/instance/" + name, value);
        }

        tree["dynamic/instance-identity/document"] = Document(cloud, region, instance);
        if (instance.UserData is { } userData)
            tree["user-data"] = System.Text.Encoding.Latin1.GetString(Convert.FromBase64String(userData));
        return tree;
    }

    // Only while the profile has a role there is something under security-credentials.
    private static void AddCredentials(Cloud cloud, Instance instance, string profile, Action<string, string?> add)
    {
        if (InstanceProfiles.RoleOf(cloud, profile) is not { } role)
            return;
        var session = cloud.Sessions.Of(instance.Id, role);
        add($"iam/security-credentials/{role.Name}", JsonSerializer.Serialize(
            new
            {
                Code = "Success",
                LastUpdated = Seconds(session.Made),
                Type = "AWS-HMAC",
                AccessKeyId = session.AccessKey,
                SecretAccessKey = session.SecretKey,
                session.Token,
                Expiration = Seconds(session.Until),
            },
            s_plain));
    }

    private static void AddDevices(RegionState region, Instance instance, Action<string, string?> add)
    {
        add("block-device-mapping/ami", instance.RootDevice);
        add("block-device-mapping/root", instance.RootDevice);
        var number = 0;
        foreach (var id in instance.VolumeIds.Skip(1))
            add($"block-device-mapping/ebs{++number}", region.Volumes.GetValueOrDefault(id)?.Attachment?.Device);
    }

    private static void AddNetwork(Cloud cloud, RegionState region, Instance instance, Action<string, string?> add)
    {
        var root = $"network/interfaces/macs/{instance.Mac}/";
        add(root + "device-number", "0");
        add(root + "interface-id", instance.NetworkInterfaceId);
        add(root + "local-hostname", InstanceView.PrivateDns(instance));
        add(root + "local-ipv4s", instance.PrivateIp);
        add(root + "mac", instance.Mac);
        add(root + "owner-id", cloud.State.AccountId);
        add(root + "public-ipv4s", instance.PublicIp);
        add(root + "security-group-ids", string.Join('\n', instance.GroupIds));
        add(root + "subnet-id", instance.SubnetId);
        add(root + "subnet-ipv4-cidr-block", region.Subnets.FirstOrDefault(subnet => subnet.Id == instance.SubnetId)?.Cidr);
        add(root + "vpc-id", instance.VpcId);
        add(root + "vpc-ipv4-cidr-block", region.Vpc.Cidr);
    }

    private static string Document(Cloud cloud, RegionState region, Instance instance) => JsonSerializer.Serialize(
        new Dictionary<string, object?>
        {
            ["accountId"] = cloud.State.AccountId,
            ["architecture"] = instance.Architecture,
            ["availabilityZone"] = instance.Zone,
            ["billingProducts"] = null,
            ["devpayProductCodes"] = null,
            ["marketplaceProductCodes"] = null,
            ["imageId"] = instance.ImageId,
            ["instanceId"] = instance.Id,
            ["instanceType"] = instance.Type,
            ["kernelId"] = null,
            ["pendingTime"] = Seconds(instance.LaunchTime),
            ["privateIp"] = instance.PrivateIp,
            ["ramdiskId"] = null,
            ["region"] = region.Name,
            ["version"] = "2017-09-30",
        },
        new JsonSerializerOptions { WriteIndented = true });

    private static string Seconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
