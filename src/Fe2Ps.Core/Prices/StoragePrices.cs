namespace Fe2Ps.Core.Prices;

/// <summary>
/// What disks, snapshots, shared file systems and public IPv4 addresses cost in a region. A price that AWS does not list is null, and so is every sum
/// that needs it. Source of the rules: https://aws.amazon.com/ebs/pricing/ and https://aws.amazon.com/vpc/pricing/.
/// </summary>
public sealed record StoragePrices
{
    /// <summary>What every gp3 volume has without extra charge.</summary>
    public const int Gp3FreeIops = 3000;

    /// <summary>MiB/s that every gp3 volume has without extra charge.</summary>
    public const int Gp3FreeThroughput = 125;

    /// <summary>The region's code.</summary>
    public required string Region { get; init; }

    /// <summary>When AWS said so.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>USD for each GiB and month of a volume, by its type: <c>gp3</c>, <c>io2</c>, <c>standard</c>, ...</summary>
    public required IReadOnlyDictionary<string, decimal> VolumeGiBMonth { get; init; }

    /// <summary>
    /// USD for each IOPS and month, by volume type: <c>gp3</c> above 3,000, <c>io1</c> and <c>io2</c> from the first one on;
    /// <c>io2.tier2</c> from 32,001, <c>io2.tier3</c> from 64,001 on.
    /// </summary>
    public required IReadOnlyDictionary<string, decimal> IopsMonth { get; init; }

    /// <summary>USD for each MiB/s and month of a gp3 volume above 125.</summary>
    public decimal? Gp3ThroughputMonth { get; init; }

    /// <summary>USD for each GiB and month of a snapshot's own blocks.</summary>
    public decimal? SnapshotGiBMonth { get; init; }

    /// <summary>USD an hour for a public IPv4 address that a running instance uses.</summary>
    public decimal? AddressHour { get; init; }

    /// <summary>USD an hour for a public IPv4 address that nothing uses.</summary>
    public decimal? IdleAddressHour { get; init; }

    /// <summary>What shared file systems cost.</summary>
    public FilePrices Files { get; init; } = new(new Dictionary<string, decimal>(), null);

    /// <summary>What a volume costs a month, or null where that is not known.</summary>
    /// <param name="type">The volume's type.</param>
    /// <param name="sizeGiB">Its size.</param>
    /// <param name="iops">Its IOPS; they cost extra for gp3, io1 and io2.</param>
    /// <param name="throughput">Its throughput in MiB/s; it costs extra for gp3.</param>
    public decimal? VolumeMonth(string type, int sizeGiB, int? iops = null, int? throughput = null)
    {
        if (!VolumeGiBMonth.TryGetValue(type, out decimal gibibyte))
            return null;
        decimal size = gibibyte * sizeGiB;
        return type switch
        {
            "gp3" => size + Extra(IopsOf("gp3"), (iops ?? 0) - Gp3FreeIops) + Extra(Gp3ThroughputMonth, (throughput ?? 0) - Gp3FreeThroughput),
            "io1" => size + Extra(IopsOf("io1"), iops ?? 0),
            "io2" => size + Extra(IopsOf("io2"), Math.Min(iops ?? 0, 32_000))
                + Extra(IopsOf("io2.tier2"), Math.Min(iops ?? 0, 64_000) - 32_000) + Extra(IopsOf("io2.tier3"), (iops ?? 0) - 64_000),
            _ => size,
        };
    }

    private decimal? IopsOf(string type) => IopsMonth.TryGetValue(type, out decimal price) ? price : null;

    private static decimal? Extra(decimal? price, int amount) => amount <= 0 ? 0 : price * amount;
}
