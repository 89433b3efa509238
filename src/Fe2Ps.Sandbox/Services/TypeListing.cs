using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>DescribeInstanceTypes and DescribeInstanceTypeOfferings.</summary>
internal static class TypeListing
{
    private static readonly Filters<TypeFacts> s_types = new Filters<TypeFacts>()
        .One("instance-type", item => item.Name)
        .One("bare-metal", item => item.Metal)
        .One("burstable-performance-supported", item => item.Burstable)
        .One("current-generation", item => item.Current)
        .One("free-tier-eligible", item => item.Name is "t2.micro" or "t3.micro" or "t3.small" or "t4g.micro" or "t4g.small")
        .One("hypervisor", item => item.Nitro ? "nitro" : "xen")
        .One("instance-storage-supported", item => item.Disks > 0)
        .One("memory-info.size-in-mib", item => item.MemoryMiB)
        .One("processor-info.supported-architecture", item => item.Architecture)
        .One("processor-info.sustained-clock-speed-in-ghz", item => item.ClockGHz)
        .Many("supported-usage-class", _ => ["on-demand", "spot"])
        .One("supported-root-device-type", _ => "ebs")
        .One("supported-virtualization-type", _ => "hvm")
        .One("vcpu-info.default-vcpus", item => item.VCpus)
        .One("vcpu-info.default-cores", item => item.Cores)
        .One("network-info.network-performance", item => item.Network)
        .One("ebs-info.ebs-optimized-support", item => item.Nitro ? "default" : "unsupported");

    private static readonly Filters<Offering> s_offerings = new Filters<Offering>()
        .One("instance-type", item => item.Type)
        .One("location", item => item.Location);

    public static void Register(OperationTable table)
    {
        table.Add("DescribeInstanceTypes", Describe);
        table.Add("DescribeInstanceTypeOfferings", Offerings);
    }

    /// <summary>Whether instances of the type can hibernate.</summary>
    public static bool Hibernates(TypeFacts type) => type.Gpu is null && !type.Metal && type.MemoryMiB <= 150 * 1024;

    private static Fields Describe(Call call)
    {
        var names = call.Input.Strings("InstanceTypes");
        if (names.Count > 0 && call.Input.Has("MaxResults"))
            throw new ApiException("InvalidParameterCombination", "The parameter InstanceTypes cannot be used with the parameter MaxResults");
        var unknown = names.Where(name => InstanceTypes.Find(name) is null).ToList();
        if (unknown.Count > 0)
            throw new ApiException("InvalidInstanceType", $"The following supplied instance types do not exist: [{string.Join(", ", unknown)}]");
        var types = names.Count > 0 ? names.Select(name => InstanceTypes.All[name]) : InstanceTypes.All.Values;
        var page = Pages.Cut(s_types.Apply(types, call.Input), call, type => type.Name, most: 100, usual: 100);
        return new Fields { ["InstanceTypes"] = page.Items.Select(One), ["NextToken"] = page.NextToken };
    }

    private static Fields Offerings(Call call)
    {
        var kind = call.Input.Text("LocationType") ?? "region";
        var locations = kind switch
        {
            "region" => [call.Facts.Name],
            "availability-zone" => call.Facts.Zones.Select(zone => zone.Name),
            "availability-zone-id" => call.Facts.Zones.Select(zone => zone.Id),
            _ => throw ApiException.BadValue(kind, "LocationType"),
        };
        var offerings = InstanceTypes.All.Keys.SelectMany(type => locations.Where(location => IsOffered(type, location)).Select(location => new Offering(type, location)));
        var page = Pages.Cut(s_offerings.Apply(offerings, call.Input), call, offering => $"{offering.Type} {offering.Location}");
        return new Fields
        {
            ["InstanceTypeOfferings"] = page.Items.Select(offering => new Fields
            {
                ["InstanceType"] = offering.Type,
                ["LocationType"] = kind,
                ["Location"] = offering.Location,
            }),
            ["NextToken"] = page.NextToken,
        };
    }

    // As on EC2, the large GPU machines are not in every zone: none in each region's third.
    private static bool IsOffered(string type, string location)
        => !(type.StartsWith("p3.", StringComparison.Ordinal) && (location.EndsWith('c') || location.EndsWith("-az3", StringComparison.Ordinal)));

    private static Fields One(TypeFacts type) => new()
    {
        ["InstanceType"] = type.Name,
        ["CurrentGeneration"] = type.Current,
        ["FreeTierEligible"] = type.Name is "t2.micro" or "t3.micro" or "t3.small" or "t4g.micro" or "t4g.small",
        ["SupportedUsageClasses"] = new[] { "on-demand", "spot" },
        ["SupportedRootDeviceTypes"] = new[] { "ebs" },
        ["SupportedVirtualizationTypes"] = new[] { "hvm" },
        ["BareMetal"] = type.Metal,
        ["Hypervisor"] = type.Nitro ? "nitro" : "xen",
        ["ProcessorInfo"] = new Fields
        {
            ["SupportedArchitectures"] = type.Family == "t2" ? new[] { "i386", "x86_64" } : new[] { type.Architecture },
            ["SustainedClockSpeedInGhz"] = type.ClockGHz,
            ["Manufacturer"] = type.Maker,
        },
        ["VCpuInfo"] = new Fields { ["DefaultVCpus"] = type.VCpus, ["DefaultCores"] = type.Cores, ["DefaultThreadsPerCore"] = type.VCpus / type.Cores },
        ["MemoryInfo"] = new Fields { ["SizeInMiB"] = type.MemoryMiB },
        ["InstanceStorageSupported"] = type.Disks > 0,
        ["InstanceStorageInfo"] = type.Disks == 0 ? null : new Fields
        {
            ["TotalSizeInGB"] = type.Disks * type.DiskGB,
            ["Disks"] = new[] { new Fields { ["SizeInGB"] = type.DiskGB, ["Count"] = type.Disks, ["Type"] = "ssd" } },
            ["NvmeSupport"] = "required",
            ["EncryptionSupport"] = "required",
        },
        ["EbsInfo"] = new Fields
        {
            ["EbsOptimizedSupport"] = type.Nitro ? "default" : "unsupported",
            ["EncryptionSupport"] = "supported",
            ["NvmeSupport"] = type.Nitro ? "required" : "unsupported",
        },
        ["NetworkInfo"] = new Fields
        {
            ["NetworkPerformance"] = type.Network,
            ["MaximumNetworkInterfaces"] = type.Interfaces,
            ["MaximumNetworkCards"] = 1,
            ["DefaultNetworkCardIndex"] = 0,
            ["Ipv4AddressesPerInterface"] = type.AddressesPerInterface,
            ["Ipv6AddressesPerInterface"] = type.AddressesPerInterface,
            ["Ipv6Supported"] = true,
            ["EnaSupport"] = type.Nitro ? "required" : "unsupported",
            ["EfaSupported"] = false,
        },
        ["GpuInfo"] = type.Gpu is null ? null : new Fields
        {
            ["Gpus"] = new[]
            {
                new Fields
                {
                    ["Name"] = type.Gpu.Name,
                    ["Manufacturer"] = type.Gpu.Maker,
                    ["Count"] = type.Gpu.Count,
                    ["MemoryInfo"] = new Fields { ["SizeInMiB"] = type.Gpu.MemoryMiB },
                },
            },
            ["TotalGpuMemoryInMiB"] = type.Gpu.Count * type.Gpu.MemoryMiB,
        },
        ["PlacementGroupInfo"] = new Fields { ["SupportedStrategies"] = type.Burstable ? new[] { "partition", "spread" } : new[] { "cluster", "partition", "spread" } },
        ["HibernationSupported"] = Hibernates(type),
        ["BurstablePerformanceSupported"] = type.Burstable,
        ["DedicatedHostsSupported"] = !type.Burstable,
        ["AutoRecoverySupported"] = type.Disks == 0,
        ["SupportedBootModes"] = type.Architecture == "arm64" ? new[] { "uefi" } : type.Nitro ? new[] { "legacy-bios", "uefi" } : new[] { "legacy-bios" },
    };

    private sealed record Offering(string Type, string Location);
}
