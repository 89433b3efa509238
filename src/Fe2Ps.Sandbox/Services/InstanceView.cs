using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Instances as answers show them.</summary>
internal sealed class InstanceView(Call call)
{
    private readonly RegionState _region = call.Region;

    public static Fields State(InstanceState state) => new() { ["Code"] = (int)state, ["Name"] = state.Name() };

    public static Fields Change(Instance instance, InstanceState previous) => new()
    {
        ["InstanceId"] = instance.Id,
        ["CurrentState"] = State(instance.State),
        ["PreviousState"] = State(previous),
    };

    public static string PrivateDns(Instance item) => item.PrivateIp is null ? "" : $"ip-{item.PrivateIp.Replace('.', '-')}.{DomainOf(item.Zone)}";

    public static string PublicDns(Instance item) => item.PublicIp is null ? "" : $"ec2-{item.PublicIp.Replace('.', '-')}.{ComputeDomainOf(item.Zone)}";

    public Fields Reservation(IEnumerable<Instance> instances)
    {
        var list = instances.ToList();
        return new Fields
        {
            ["ReservationId"] = list[0].ReservationId,
            ["OwnerId"] = call.AccountId,
            ["Groups"] = Array.Empty<Fields>(),
            ["Instances"] = list.Select(One),
        };
    }

    private static string DomainOf(string zone) => zone[..^1] == "us-east-1" ? "ec2.internal" : $"{zone[..^1]}.compute.internal";

    private static string ComputeDomainOf(string zone) => zone[..^1] == "us-east-1" ? "compute-1.amazonaws.com" : $"{zone[..^1]}.compute.amazonaws.com";

    private Fields One(Instance item)
    {
        var type = InstanceTypes.Find(item.Type);
        var cores = type?.Cores ?? 1;
        return new Fields
        {
            ["InstanceId"] = item.Id,
            ["ImageId"] = item.ImageId,
            ["State"] = State(item.State),
            ["PrivateDnsName"] = PrivateDns(item),
            ["PublicDnsName"] = PublicDns(item),
            ["StateTransitionReason"] = item.TransitionReason,
            ["StateReason"] = item.ReasonCode is null ? null : new Fields { ["Code"] = item.ReasonCode, ["Message"] = item.ReasonMessage },
            ["KeyName"] = item.KeyName,
            ["AmiLaunchIndex"] = item.LaunchIndex,
            ["ProductCodes"] = Array.Empty<Fields>(),
            ["InstanceType"] = item.Type,
            ["LaunchTime"] = item.LaunchTime,
            ["Placement"] = new Fields { ["AvailabilityZone"] = item.Zone, ["GroupName"] = "", ["Tenancy"] = "default" },
            ["Monitoring"] = new Fields { ["State"] = item.Monitoring ? "enabled" : "disabled" },
            ["SubnetId"] = item.SubnetId,
            ["VpcId"] = item.VpcId,
            ["PrivateIpAddress"] = item.PrivateIp,
            ["PublicIpAddress"] = item.PublicIp,
            ["Architecture"] = item.Architecture,
            ["RootDeviceType"] = "ebs",
            ["RootDeviceName"] = item.RootDevice,
            ["BlockDeviceMappings"] = Devices(item),
            ["VirtualizationType"] = "hvm",
            ["InstanceLifecycle"] = item.IsSpot ? "spot" : null,
            ["SpotInstanceRequestId"] = item.SpotRequestId,
            ["ClientToken"] = item.ClientToken,
            ["Tags"] = TagRules.List(item),
            ["SecurityGroups"] = Groups(item.SubnetId is null ? [] : item.GroupIds),
            ["SourceDestCheck"] = item.SubnetId is null ? null : item.SourceDestCheck,
            ["Hypervisor"] = "xen",
            ["NetworkInterfaces"] = item.SubnetId is null ? null : new[] { Interface(item) },
            ["IamInstanceProfile"] = item.ProfileArn is null ? null : new Fields { ["Arn"] = item.ProfileArn, ["Id"] = InstanceProfiles.IdOf(call.Cloud, item.ProfileArn) },
            ["EbsOptimized"] = item.EbsOptimized,
            ["EnaSupport"] = true,
            ["CpuOptions"] = new Fields { ["CoreCount"] = cores, ["ThreadsPerCore"] = (type?.VCpus ?? 1) / cores },
            ["HibernationOptions"] = new Fields { ["Configured"] = item.Hibernates },
            ["MetadataOptions"] = new Fields
            {
                ["State"] = item.State is InstanceState.Pending ? "pending" : "applied",
                ["HttpTokens"] = item.HttpTokens,
                ["HttpPutResponseHopLimit"] = item.HopLimit,
                ["HttpEndpoint"] = item.HttpEndpoint,
                ["HttpProtocolIpv6"] = "disabled",
                ["InstanceMetadataTags"] = item.MetadataTags,
            },
            ["EnclaveOptions"] = new Fields { ["Enabled"] = false },
            ["BootMode"] = "uefi-preferred",
            ["CurrentInstanceBootMode"] = "uefi",
            ["PlatformDetails"] = item.PlatformDetails,
            ["UsageOperation"] = "RunInstances",
            ["UsageOperationUpdateTime"] = item.CreatedAt,
            ["MaintenanceOptions"] = new Fields { ["AutoRecovery"] = "default" },
        };
    }

    private List<Fields> Devices(Instance item)
    {
        var devices = new List<Fields>(item.VolumeIds.Count);
        foreach (var id in item.VolumeIds)
        {
            if (!_region.Volumes.TryGetValue(id, out var volume) || volume.Attachment is not { } attachment)
                continue;
            devices.Add(new Fields
            {
                ["DeviceName"] = attachment.Device,
                ["Ebs"] = new Fields
                {
                    ["AttachTime"] = attachment.Time,
                    ["DeleteOnTermination"] = attachment.DeleteOnTermination,
                    ["Status"] = attachment.State,
                    ["VolumeId"] = id,
                },
            });
        }

        return devices;
    }

    private List<Fields> Groups(List<string> ids)
        => [.. ids.Select(id => new Fields { ["GroupId"] = id, ["GroupName"] = _region.Groups.GetValueOrDefault(id)?.Name })];

    private Fields Interface(Instance item)
    {
        var association = item.PublicIp is null
            ? null
            : new Fields { ["IpOwnerId"] = "amazon", ["PublicDnsName"] = PublicDns(item), ["PublicIp"] = item.PublicIp };
        return new Fields
        {
            ["NetworkInterfaceId"] = item.NetworkInterfaceId,
            ["Association"] = association,
            ["Attachment"] = new Fields
            {
                ["AttachTime"] = item.LaunchTime,
                ["AttachmentId"] = item.NetworkInterfaceId.Replace("eni-", "eni-attach-", StringComparison.Ordinal),
                ["DeleteOnTermination"] = true,
                ["DeviceIndex"] = 0,
                ["Status"] = item.State == InstanceState.Pending ? "attaching" : "attached",
                ["NetworkCardIndex"] = 0,
            },
            ["Description"] = "",
            ["Groups"] = Groups(item.GroupIds),
            ["Ipv6Addresses"] = Array.Empty<Fields>(),
            ["MacAddress"] = item.Mac,
            ["OwnerId"] = call.AccountId,
            ["PrivateDnsName"] = PrivateDns(item),
            ["PrivateIpAddress"] = item.PrivateIp,
            ["PrivateIpAddresses"] = new[]
            {
                new Fields
                {
                    ["Association"] = association, ["Primary"] = true, ["PrivateDnsName"] = PrivateDns(item), ["PrivateIpAddress"] = item.PrivateIp,
                },
            },
            ["SourceDestCheck"] = item.SourceDestCheck,
            ["Status"] = "in-use",
            ["SubnetId"] = item.SubnetId,
            ["VpcId"] = item.VpcId,
            ["InterfaceType"] = "interface",
        };
    }
}
