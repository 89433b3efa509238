using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>What a launch asks of the spot market.</summary>
internal sealed record SpotPlan(string? MaxPrice, string Type, string Interruption, DateTimeOffset? ValidUntil);

/// <summary>A launch with every question answered: what RunInstances and CreateFleet hand to the launcher.</summary>
internal sealed record LaunchPlan(
    int Least, int Most, Image Image, TypeFacts Type, string? KeyName, Subnet? Subnet, IReadOnlyList<string> GroupIds, IReadOnlyList<DeviceMapping> Devices,
    Dictionary<string, string> InstanceTags, Dictionary<string, string> VolumeTags, Dictionary<string, string> SpotTags)
{
    public SpotPlan? Spot { get; init; }

    /// <summary>The request as it was made, its launch template filled in.</summary>
    public Fields? Input { get; init; }

    public string? UserData { get; init; }

    /// <summary>Whether the caller wants a public address; null leaves it to the subnet.</summary>
    public bool? PublicIp { get; init; }

    public string ShutdownBehavior { get; init; } = "stop";

    public string HttpTokens { get; init; } = "optional";

    public string HttpEndpoint { get; init; } = "enabled";

    public int HopLimit { get; init; } = 1;

    public string MetadataTags { get; init; } = "disabled";

    public string ClientToken { get; init; } = "";

    public string? ProfileArn { get; init; }

    public bool DisableApiTermination { get; init; }

    public bool DisableApiStop { get; init; }

    public bool EbsOptimized { get; init; }

    /// <summary>Whether the instance is made ready to hibernate.</summary>
    public bool Hibernates { get; init; }

    public bool Monitoring { get; init; }

    /// <summary>Reads a RunInstances request, its launch template already filled in; every fault of it is an error of EC2's own.</summary>
    public static LaunchPlan Read(Call call, Fields input)
    {
        var (least, most) = (input.Int("MinCount")!.Value, input.Int("MaxCount")!.Value);
        if (least < 1)
            throw ApiException.BadValue($"{least}", "minCount", "Expecting a value of at least 1.");
        if (most < least)
            throw new ApiException("InvalidParameterCombination", $"The parameter maxCount ({most}) must not be less than minCount ({least})");
        var interfaces = input.List("NetworkInterfaces");
        if (interfaces.Count > 0 && (input.Has("SubnetId") || input.Has("SecurityGroupIds") || input.Has("SecurityGroups")))
        {
            throw new ApiException(
                "InvalidParameterCombination",
                $"Network interfaces and an instance-level {(input.Has("SubnetId") ? "subnet ID" : "security groups")} may not be specified on the same request");
        }

        if (interfaces.Any(described => !described.Has("DeviceIndex")))
            throw new ApiException("InvalidParameterValue", "Each network interface requires a device index.");
        if (interfaces.Count > 1 && interfaces.Any(described => described.Is("AssociatePublicIpAddress")))
        {
            throw new ApiException(
                "InvalidParameterCombination", "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.");
        }

        var nic = interfaces.Count > 0 ? interfaces[0] : null;
        var image = LaunchRules.UsableImage(call, input.Text("ImageId") ?? throw ApiException.Missing("ImageId"));
        var type = LaunchRules.Type(input.Text("InstanceType") ?? "t2.micro");
        LaunchRules.MatchArchitecture(type, image);
        var key = LaunchRules.Key(call, input.Text("KeyName"));
        var subnet = LaunchRules.Place(call, nic?.Text("SubnetId") ?? input.Text("SubnetId"), input.Struct("Placement")?.Text("AvailabilityZone"));
        var groups = LaunchRules.Groups(call, nic is null ? input.Strings("SecurityGroupIds") : nic.Strings("Groups"), input.Strings("SecurityGroups"));
        var devices = LaunchRules.Devices(call, image, input.List("BlockDeviceMappings"));
        var spot = LaunchRules.Spot(call, input.Struct("InstanceMarketOptions"));
        string[] kinds = ["instance", "volume", "network-interface", "elastic-gpu", "spot-instances-request"];
        var spotTags = TagRules.For(input, "spot-instances-request", kinds);
        if (spot is null && spotTags.Count > 0)
        {
            throw new ApiException(
                "InvalidParameterCombination", "You cannot specify tags for Spot instances requests if there are no Spot instances requests being created by the request.");
        }

        var metadata = input.Struct("MetadataOptions");
        var hops = metadata?.Int("HttpPutResponseHopLimit") ?? 1;
        if (hops is < 1 or > 64)
            throw ApiException.BadValue($"{hops}", "HttpPutResponseHopLimit", "Expecting a value between 1 and 64.");
        return new LaunchPlan(
            least, most, image, type, key, subnet, groups, devices, TagRules.For(input, "instance", kinds), TagRules.For(input, "volume", kinds), spotTags)
        {
            Spot = spot,
            Input = input,
            UserData = LaunchRules.UserData(input.Text("UserData")),
            PublicIp = nic?.Bool("AssociatePublicIpAddress"),
            ShutdownBehavior = input.Text("InstanceInitiatedShutdownBehavior") ?? "stop",
            HttpTokens = metadata?.Text("HttpTokens") ?? "optional",
            HttpEndpoint = metadata?.Text("HttpEndpoint") ?? "enabled",
            HopLimit = hops,
            MetadataTags = metadata?.Text("InstanceMetadataTags") ?? "disabled",
            ClientToken = input.Text("ClientToken") ?? "",
            ProfileArn = InstanceProfiles.ArnOf(call, input.Struct("IamInstanceProfile")),
            DisableApiTermination = input.Is("DisableApiTermination"),
            DisableApiStop = input.Is("DisableApiStop"),
            EbsOptimized = input.Is("EbsOptimized"),
            Hibernates = LaunchRules.Hibernation(input.Struct("HibernationOptions")?.Is("Configured") == true || spot?.Interruption == "hibernate", type, devices[0]),
            Monitoring = input.Struct("Monitoring")?.Is("Enabled") ?? false,
        };
    }
}
