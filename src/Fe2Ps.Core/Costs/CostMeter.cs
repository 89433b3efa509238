using System.Globalization;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Storage;
using Tag = Amazon.EC2.Model.Tag;

namespace Fe2Ps.Core.Costs;

/// <summary>Turns what EC2 says and what AWS's price list says into money.</summary>
internal sealed class CostMeter(string region, DateTimeOffset now, DateTimeOffset? since, StoragePrices? storage)
{
    /// <summary>Linux is billed by the second, a minute at least (EC2 on-demand pricing page).</summary>
    private static readonly TimeSpan LeastBilled = TimeSpan.FromSeconds(60);

    /// <summary>A root disk that was attached longer than this before the last start saw another start: EC2 attaches it at the first one.</summary>
    private static readonly TimeSpan LongBefore = TimeSpan.FromMinutes(1);

    private const string RanBefore = "at least: it ran before its last start too";

    private const long BytesOfGibibyte = 1L << 30;

    /// <summary>True for a machine that is billed by the hour.</summary>
    public static bool Runs(Instance instance) => InstanceFacts.StateOf(instance) is "pending" or "running";

    public CostItem Instance(Instance instance, decimal? usdPerHour)
    {
        bool isSpot = InstanceFacts.IsSpot(instance);
        DateTimeOffset? start = Time(instance.LaunchTime);
        TimeSpan? billed = Billed(start);
        if (billed < LeastBilled && start >= (since ?? DateTimeOffset.MinValue))
            billed = LeastBilled;
        decimal? soFar = SoFar(usdPerHour, billed);
        decimal? most = AtMost(instance, usdPerHour, soFar);
        return Item(CostKind.Instance, InstanceFacts.NameOf(instance), instance.InstanceId, instance.Tags) with
        {
            Description = $"{instance.InstanceType?.Value}{(isSpot ? " spot" : "")}",
            Since = start,
            UsdPerHour = usdPerHour,
            UsdSoFar = soFar,
            UsdSoFarAtMost = most,
            Estimate = usdPerHour is null ? $"no price is known for {instance.PlatformDetails ?? "it"}"
                : (isSpot, most) switch
                {
                    (true, null) => "spot, at its present price",
                    (true, _) => $"spot, at its present price, and {RanBefore}",
                    (false, null) => null,
                    (false, _) => RanBefore,
                },
        };
    }

    public CostItem Volume(Volume volume, IReadOnlyList<Instance> machines)
    {
        Instance? machine = VolumeFacts.InstanceOf(volume) is { } id ? machines.FirstOrDefault(i => i.InstanceId == id) : null;
        string type = volume.VolumeType?.Value ?? "";
        decimal? usd = PerHour(storage?.VolumeMonth(type, volume.Size ?? 0, volume.Iops, volume.Throughput));
        DateTimeOffset? start = Time(volume.CreateTime);
        return Item(CostKind.Volume, VolumeFacts.NameOf(volume) ?? (machine is null ? null : InstanceFacts.NameOf(machine)), volume.VolumeId, volume.Tags) with
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{volume.Size} GiB {type}"),
            IsIdle = VolumeFacts.AttachmentOf(volume) is null,
            Since = start,
            UsdPerHour = usd,
            UsdSoFar = SoFar(usd, Billed(start)),
            Estimate = usd is null ? $"no price is known for {type}" : null,
        };
    }

    public CostItem Snapshot(Snapshot snapshot, Image? image)
    {
        bool isStandard = snapshot.StorageTier is null || snapshot.StorageTier.Value == "standard";

        // EC2 says how much a snapshot would be as the first of its volume; what it alone holds, it does not say.
        decimal size = snapshot.FullSnapshotSizeInBytes is > 0 and var bytes ? decimal.Round((decimal)bytes / BytesOfGibibyte, 3) : snapshot.VolumeSize ?? 0;
        decimal? usd = isStandard ? PerHour(storage?.SnapshotGiBMonth * size) : null;
        DateTimeOffset? start = Time(snapshot.StartTime);
        string disk = string.Create(CultureInfo.InvariantCulture, $"{size:0.###} GiB");
        return Item(CostKind.Snapshot, SnapshotFacts.NameOf(snapshot) ?? (image is null ? null : ImageFacts.NameOf(image)), snapshot.SnapshotId, snapshot.Tags) with
        {
            Description = image is null ? disk : $"{disk}, image {ImageFacts.NameOf(image)}",
            Since = start,
            UsdPerHour = usd,
            UsdSoFar = SoFar(usd, Billed(start)),
            Estimate = usd is null ? "no price is known for it" : "at most: only blocks that no older snapshot has are billed",
        };
    }

    /// <summary>
    /// Addresses that machines use, and those that are kept for the account, used or not: AWS bills every public IPv4 address. One of a machine
    /// that does not run is idle. Source: https://aws.amazon.com/vpc/pricing/, "Public IPv4 Addresses".
    /// </summary>
    public IEnumerable<CostItem> Addresses(IReadOnlyList<Instance> machines, IReadOnlyList<Address> addresses)
    {
        HashSet<string> kept = [.. addresses.Select(a => a.PublicIp)];
        foreach (Instance machine in machines.Where(i => Runs(i) && !string.IsNullOrEmpty(i.PublicIpAddress) && !kept.Contains(i.PublicIpAddress)))
        {
            DateTimeOffset? start = Time(machine.LaunchTime);
            decimal? soFar = SoFar(storage?.AddressHour, Billed(start));
            decimal? most = AtMost(machine, storage?.AddressHour, soFar);
            yield return Item(CostKind.Address, InstanceFacts.NameOf(machine), machine.PublicIpAddress, machine.Tags) with
            {
                Description = "public IPv4",
                Since = start,
                UsdPerHour = storage?.AddressHour,
                UsdSoFar = soFar,
                UsdSoFarAtMost = most,
                Estimate = storage?.AddressHour is null ? "no price is known for it" : most is null ? null : RanBefore,
            };
        }

        foreach (Address address in addresses)
        {
            Instance? machine = string.IsNullOrEmpty(address.InstanceId) ? null : machines.FirstOrDefault(i => i.InstanceId == address.InstanceId);
            bool isStill = machine is not null && !Runs(machine);
            bool isIdle = isStill || (string.IsNullOrEmpty(address.AssociationId) && string.IsNullOrEmpty(address.InstanceId));
            decimal? usd = isIdle ? storage?.IdleAddressHour : storage?.AddressHour;
            string? name = address.Tags?.FirstOrDefault(t => t.Key == TagNames.Name)?.Value
                ?? (machine is null ? null : InstanceFacts.NameOf(machine));
            yield return Item(CostKind.Address, name, address.AllocationId ?? address.PublicIp, address.Tags) with
            {
                Description = $"Elastic IP {address.PublicIp}{(isStill ? $", idle: {InstanceFacts.Label(machine!)} does not run" : isIdle ? ", idle" : "")}",
                IsIdle = isIdle,
                UsdPerHour = usd,
                UsdSoFar = since is { } from ? SoFar(usd, Billed(from)) : null,
                Estimate = usd is null ? "no price is known for it" : "EC2 does not say since when",
            };
        }
    }

    /// <summary>A file system at the size that EFS has last measured. What reading and writing costs is not known before the bill.</summary>
    public CostItem FileSystem(FileSystemDescription system)
    {
        FileSystemSize? size = system.SizeInBytes;
        decimal seldom = GiB(size?.ValueInIA ?? 0), archived = GiB(size?.ValueInArchive ?? 0), all = GiB(size?.Value ?? 0);
        string mode = system.ThroughputMode?.Value ?? "bursting";
        double? provisioned = mode == "provisioned" ? system.ProvisionedThroughputInMibps : null;
        decimal? usd = PerHour(storage?.Files.Month(
            Math.Max(0, all - seldom - archived), seldom, archived, !string.IsNullOrEmpty(system.AvailabilityZoneName), mode == "elastic", provisioned));
        DateTimeOffset? start = Time(system.CreationTime);
        string name = FileSystemFacts.NameOf(system) ?? "";
        return Item(CostKind.FileSystem, name, system.FileSystemId, (system.Tags ?? []).Select(t => new Tag { Key = t.Key, Value = t.Value })) with
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{decimal.Round(all, 3):0.###} GiB EFS{(provisioned is { } rate ? $", {rate:0.#} MiB/s" : "")}"),
            IsIdle = system.NumberOfMountTargets == 0,
            Since = start,
            UsdPerHour = usd,
            UsdSoFar = SoFar(usd, Billed(start)),
            Estimate = usd is null ? "no price is known for it"
                : $"at its present size{(mode == "elastic" || seldom + archived > 0 ? ", without reading and writing" : "")}",
        };
    }

    private static decimal GiB(long bytes) => (decimal)bytes / BytesOfGibibyte;

    private CostItem Item(CostKind kind, string? name, string id, IEnumerable<Tag>? tags)
    {
        Dictionary<string, string> all = (tags ?? []).DistinctBy(t => t.Key).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);
        return new CostItem
        {
            Kind = kind,
            Name = string.IsNullOrEmpty(name) ? null : name,
            Id = id,
            Description = "",
            Region = region,
            Tags = all,
            Owner = all.GetValueOrDefault(TagNames.Owner),
        };
    }

    private static decimal? PerHour(decimal? month) => month / OnDemandPrice.HoursPerMonth is { } hour ? decimal.Round(hour, 8) : null;

    private TimeSpan? Billed(DateTimeOffset? start)
    {
        if (start is not { } from)
            return null;
        if (from < since)
            from = since.Value;
        return now > from ? now - from : TimeSpan.Zero;
    }

    /// <summary>
    /// What a machine may have cost within the time that was asked for, as if it had never stood still. EC2 sets the time of the launch anew
    /// at each start; when the root disk was attached tells of earlier ones. Null where there was none in that time. Without such a time
    /// everything counts from the last start, and there is no doubt. Source: LaunchTime of Instance in the EC2 API reference.
    /// </summary>
    private decimal? AtMost(Instance instance, decimal? usdPerHour, decimal? soFar)
    {
        if (since is not { } from || Time(instance.LaunchTime) is not { } start || start <= from
            || Time(instance.BlockDeviceMappings?.FirstOrDefault(b => b.DeviceName == instance.RootDeviceName)?.Ebs?.AttachTime) is not { } attached
            || start - attached <= LongBefore)
        {
            return null;
        }

        // The minute that is billed at least may be longer than the time that was asked for.
        return SoFar(usdPerHour, Billed(attached)) is { } most ? Math.Max(most, soFar ?? 0) : null;
    }

    private static decimal? SoFar(decimal? usdPerHour, TimeSpan? billed) =>
        usdPerHour is { } usd && billed is { } time ? decimal.Round(usd * (decimal)time.TotalHours, 6) : null;

    private static DateTimeOffset? Time(DateTime? time) => time is { } at ? new DateTimeOffset(at.ToUniversalTime()) : null;
}
