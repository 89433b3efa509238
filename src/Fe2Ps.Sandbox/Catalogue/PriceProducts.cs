using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Sandbox.Catalogue;

/// <summary>
/// The products of a region as the price list names them: instance types by operating system, tenancy and capacity reservation,
/// volumes, snapshots, public addresses, file systems. Names and units are AWS's; prices are for rehearsal, near those of us-east-1.
/// </summary>
internal static class PriceProducts
{
    // operating system, licence, operation, dollars more for each vCPU
    private static readonly (string System, string Licence, string Operation, double PerCpu)[] s_systems =
    [
        ("Linux", "No License required", "RunInstances", 0),
        ("Windows", "No License required", "RunInstances:0002", 0.046),
        ("Windows", "Bring your own license", "RunInstances:0800", 0),
        ("RHEL", "No License required", "RunInstances:0010", 0.0288),
        ("SUSE", "No License required", "RunInstances:000g", 0.028),
        ("Ubuntu Pro", "No License required", "RunInstances:0g00", 0.00175),
    ];

    // volume type, dollars for a GB-month, its name in prose
    private static readonly (string Name, double Price, string Prose)[] s_volumes =
    [
        ("gp2", 0.10, "General Purpose"), ("gp3", 0.08, "General Purpose"), ("io1", 0.125, "Provisioned IOPS"), ("io2", 0.125, "Provisioned IOPS"),
        ("st1", 0.045, "Throughput Optimized HDD"), ("sc1", 0.015, "Cold HDD"), ("standard", 0.05, "Magnetic"),
    ];

    // usage, volume type, dollars for an IOPS-month
    private static readonly (string Usage, string Type, double Price)[] s_iops =
    [
        ("gp3", "gp3", 0.005), ("piops", "io1", 0.065), ("io2", "io2", 0.065), ("io2.tier2", "io2", 0.0455), ("io2.tier3", "io2", 0.03185),
    ];

    public static IEnumerable<PriceProduct> Of(RegionFacts region) =>
        InstanceTypes.All.Values.SelectMany(type => Compute(region, type)).Concat(Storage(region)).Concat(Addresses(region)).Concat(Files(region));

    private static IEnumerable<PriceProduct> Compute(RegionFacts region, TypeFacts type)
    {
        var price = Prices.OnDemand(type, region);
        foreach (var (system, licence, operation, perCpu) in s_systems)
        {
            // Windows is for Intel and AMD.
            if (system == "Windows" && type.Architecture == "arm64")
                continue;
            var own = Math.Round(price + (perCpu * type.VCpus * region.PriceFactor), 5);
            yield return Instance(region, type, system, licence, operation, "Shared", "Used", own);
            if (system == "Linux")
            {
                yield return Instance(region, type, system, licence, operation, "Shared", "UnusedCapacityReservation", own);
                yield return Instance(region, type, system, licence, operation, "Shared", "AllocatedCapacityReservation", 0);
                yield return Instance(region, type, system, licence, operation, "Dedicated", "Used", Math.Round(own * 1.06, 5));
            }
        }
    }

    private static PriceProduct Instance(
        RegionFacts region, TypeFacts type, string system, string licence, string operation, string tenancy, string capacity, double price)
    {
        var attributes = Common(region, "AmazonEC2", "Amazon Elastic Compute Cloud");
        attributes["instanceType"] = type.Name;
        attributes["instanceFamily"] = type.Gpu is not null ? "GPU instance" : type.Family[0] switch { 'c' => "Compute optimized", 'r' => "Memory optimized", _ => "General purpose" };
        attributes["currentGeneration"] = type.Current ? "Yes" : "No";
        attributes["physicalProcessor"] = type.Maker;
        attributes["clockSpeed"] = $"{type.ClockGHz.ToString(CultureInfo.InvariantCulture)} GHz";
        attributes["vcpu"] = type.VCpus.ToString(CultureInfo.InvariantCulture);
        attributes["memory"] = $"{(type.MemoryMiB / 1024.0).ToString("#,0.##", CultureInfo.InvariantCulture)} GiB";
        attributes["storage"] = type.Disks == 0 ? "EBS only" : $"{type.Disks} x {type.DiskGB} NVMe SSD";
        attributes["networkPerformance"] = type.Network;
        attributes["processorArchitecture"] = "64-bit";
        attributes["normalizationSizeFactor"] = "NA";
        attributes["tenancy"] = tenancy;
        attributes["operatingSystem"] = system;
        attributes["preInstalledSw"] = "NA";
        attributes["licenseModel"] = licence;
        attributes["capacitystatus"] = capacity;
        attributes["marketoption"] = "OnDemand";
        attributes["operation"] = operation;
        var usage = (tenancy, capacity) switch
        {
            ("Dedicated", _) => "DedicatedUsage",
            (_, "UnusedCapacityReservation") => "UnusedBox",
            (_, "AllocatedCapacityReservation") => "Reservation",
            _ => "BoxUsage",
        };
        attributes["usagetype"] = $"{region.UsagePrefix}{usage}:{type.Name}";
        if (type.Gpu is not null)
            attributes["gpu"] = type.Gpu.Count.ToString(CultureInfo.InvariantCulture);
        return new PriceProduct(
            "AmazonEC2", Sku(region, $"{type.Name} {operation} {usage}"), "Compute Instance", "Hrs", price,
            $"${price.ToString(CultureInfo.InvariantCulture)} per {(tenancy == "Shared" ? "On Demand" : tenancy)} {system} {type.Name} Instance Hour",
            usage == "BoxUsage" && licence == "No License required", attributes);
    }

    private static IEnumerable<PriceProduct> Storage(RegionFacts region)
    {
        foreach (var (name, price, prose) in s_volumes)
        {
            yield return Ebs(
                region, "Storage", "EBS:VolumeUsage" + name switch { "standard" => "", "io1" => ".piops", _ => "." + name }, "GB-Mo", price,
                $"per GB-month of {prose} ({name}) provisioned storage", name, prose);
        }

        foreach (var (usage, type, price) in s_iops)
            yield return Ebs(region, "System Operation", "EBS:VolumeP-IOPS." + usage, "IOPS-Mo", price, $"per IOPS-month provisioned ({type})", type);
        yield return Ebs(
            region, "Provisioned Throughput", "EBS:VolumeP-Throughput.gp3", "GiBps-mo", 40.96, "per provisioned GiBps-month of gp3", "gp3");
        yield return Ebs(region, "Storage Snapshot", "EBS:SnapshotUsage", "GB-Mo", 0.05, "per GB-Month of snapshot data stored");
        yield return Ebs(region, "Storage Snapshot", "EBS:SnapshotArchiveStorage", "GB-Mo", 0.0125, "per GB-Month of snapshot archive data stored");
    }

    private static PriceProduct Ebs(
        RegionFacts region, string family, string usage, string unit, double price, string description, string? volume = null, string? prose = null)
    {
        var attributes = Common(region, "AmazonEC2", "Amazon Elastic Compute Cloud");
        attributes["usagetype"] = region.UsagePrefix + usage;
        attributes["operation"] = "";
        if (volume is not null)
            attributes["volumeApiName"] = volume;
        if (prose is not null)
            (attributes["volumeType"], attributes["storageMedia"]) = (prose, volume is "st1" or "sc1" or "standard" ? "HDD-backed" : "SSD-backed");
        var own = Math.Round(price * region.PriceFactor, 6);
        return new PriceProduct(
            "AmazonEC2", Sku(region, usage), family, unit, own, $"${own.ToString(CultureInfo.InvariantCulture)} {description} - {region.Location}", false, attributes);
    }

    private static IEnumerable<PriceProduct> Addresses(RegionFacts region)
    {
        foreach (var (usage, prose) in new[] { ("InUseAddress", "In-use"), ("IdleAddress", "Idle") })
        {
            var attributes = Common(region, "AmazonVPC", "Amazon Virtual Private Cloud");
            attributes["group"] = "VPCPublicIPv4Address";
            attributes["groupDescription"] = $"Hourly charge for {prose} Public IPv4 Addresses";
            attributes["usagetype"] = $"{region.UsagePrefix}PublicIPv4:{usage}";
            attributes["operation"] = "";
            yield return new PriceProduct(
                "AmazonVPC", Sku(region, usage), null, "Hrs", 0.005, $"$0.005 per {prose} public IPv4 address per hour", false, attributes);
        }
    }

    // storage class, the bill's word for it, dollars for a GB-month
    private static readonly (string Class, string Usage, double Price)[] s_files =
    [
        ("General Purpose", "TimedStorage", 0.30), ("One Zone-General Purpose", "TimedStorage-Z", 0.16), ("Infrequent Access", "IATimedStorage", 0.025),
        ("Infrequent Access-ET", "IATimedStorage-ET", 0.016), ("One Zone-Infrequent Access", "IATimedStorage-Z", 0.0133), ("Archive", "ArchiveTimedStorage", 0.008),
    ];

    private static IEnumerable<PriceProduct> Files(RegionFacts region)
    {
        foreach (var (kind, usage, price) in s_files)
            yield return File(region, "Storage", usage + "-ByteHrs", "GB-Mo", price, $"per GB-Mo for {kind} storage", kind);
        yield return File(region, "Storage", "IATimedStorage-SmallFiles", "GB-Mo", 0.025, "per GB-Mo for small files in Infrequent Access", "Infrequent Access");
        yield return File(region, "Provisioned Throughput", "ProvisionedTP-MiBpsHrs", "MiBps-Mo", 6, "per MiBps-Mo of provisioned throughput", null);
    }

    private static PriceProduct File(RegionFacts region, string family, string usage, string unit, double price, string description, string? kind)
    {
        var attributes = Common(region, "AmazonEFS", "Amazon Elastic File System");
        // Other than EC2, EFS has a prefix in us-east-1 too.
        attributes["usagetype"] = (region.UsagePrefix.Length > 0 ? region.UsagePrefix : "USE1-") + usage;
        attributes["operation"] = "";
        if (kind is not null)
            attributes["storageClass"] = kind;
        var own = Math.Round(price * region.PriceFactor, 6);
        return new PriceProduct(
            "AmazonEFS", Sku(region, "efs " + usage), family, unit, own, $"${own.ToString(CultureInfo.InvariantCulture)} {description}", false, attributes);
    }

    private static Dictionary<string, string> Common(RegionFacts region, string service, string name) => new(StringComparer.Ordinal)
    {
        ["servicecode"] = service,
        ["servicename"] = name,
        ["location"] = region.Location,
        ["locationType"] = "AWS Region",
        ["regionCode"] = region.Name,
    };

    private static string Sku(RegionFacts region, string what)
        => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{region.Name} {what}")))[..16];
}
