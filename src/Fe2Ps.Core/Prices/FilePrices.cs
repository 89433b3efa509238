namespace Fe2Ps.Core.Prices;

/// <summary>
/// What EFS's file systems cost in a region. Source of the rules: https://aws.amazon.com/efs/pricing/, and "How Amazon EFS reports usage" in
/// the EFS user guide; its GB are GiB.
/// </summary>
/// <param name="GiBMonth">
/// USD for each GiB and month, by what a bill calls the storage: <c>TimedStorage</c>, <c>IATimedStorage</c> (seldom used), <c>ArchiveTimedStorage</c>,
/// with <c>-Z</c> of one zone alone, with <c>-ET</c> of elastic throughput where that costs otherwise.
/// </param>
/// <param name="ThroughputMonth">USD for each MiB/s and month that is provisioned above what comes with the storage.</param>
public sealed record FilePrices(IReadOnlyDictionary<string, decimal> GiBMonth, decimal? ThroughputMonth)
{
    /// <summary>Each so many GiB of the standard storage bring one MiB/s along.</summary>
    private const decimal GiBOfOneMebibyteASecond = 20;

    /// <summary>What a file system costs a month as it is, without what reading and writing costs; null where that is not known.</summary>
    /// <param name="standard">GiB in the standard storage.</param>
    /// <param name="seldom">GiB in the storage for what is seldom used.</param>
    /// <param name="archived">GiB in the archive.</param>
    /// <param name="isOfOneZone">Whether it is kept in one zone alone.</param>
    /// <param name="isElastic">Whether its throughput is elastic.</param>
    /// <param name="provisioned">Its provisioned throughput in MiB/s; null where it has none.</param>
    public decimal? Month(decimal standard, decimal seldom, decimal archived, bool isOfOneZone, bool isElastic, double? provisioned)
    {
        string zone = isOfOneZone ? "-Z" : "", elastic = isElastic && !isOfOneZone ? "-ET" : "";
        decimal extra = provisioned is { } throughput ? Math.Max(0, (decimal)throughput - (standard / GiBOfOneMebibyteASecond)) : 0;
        return Part(standard, "TimedStorage" + zone) + Part(seldom, "IATimedStorage" + zone + elastic, "IATimedStorage" + zone)
            + Part(archived, "ArchiveTimedStorage" + zone + elastic, "ArchiveTimedStorage") + (extra == 0 ? 0 : ThroughputMonth * extra);
    }

    // What holds nothing needs no price: not every region has all storage classes.
    private decimal? Part(decimal gibibytes, params string[] names)
    {
        if (gibibytes == 0 && names[0] != "TimedStorage")
            return 0;
        return names.FirstOrDefault(GiBMonth.ContainsKey) is { } name ? GiBMonth[name] * gibibytes : null;
    }
}
