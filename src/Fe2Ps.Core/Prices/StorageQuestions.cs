using Amazon.Pricing.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>Asks the price list for disks, snapshots, file systems and addresses, all at once.</summary>
internal sealed class StorageQuestions(Fe2Session session)
{
    private const string Storage = "EBS:VolumeUsage";
    private const string Iops = "EBS:VolumeP-IOPS.";
    private const string Throughput = "EBS:VolumeP-Throughput.gp3";
    private const string TimedStorage = "TimedStorage";
    private const string StoredBytes = "-ByteHrs";
    private const int MebibytesOfGibibyte = 1024;

    public async Task<StoragePrices> AskAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = session.Clock.GetUtcNow();
        Task<List<PriceProduct>> Ec2(string family) => AskAsync("AmazonEC2", "productFamily", family, cancellationToken);
        // Addresses are products of VPC, and have no product family.
        List<PriceProduct>[] answers = await Task.WhenAll(
            Ec2("Storage"), Ec2("Storage Snapshot"), Ec2("System Operation"), Ec2("Provisioned Throughput"),
            AskAsync("AmazonVPC", "group", "VPCPublicIPv4Address", cancellationToken),
            AskAsync("AmazonEFS", "productFamily", "Storage", cancellationToken),
            AskAsync("AmazonEFS", "productFamily", "Provisioned Throughput", cancellationToken)).ConfigureAwait(false);
        List<PriceProduct> all = [.. answers.SelectMany(a => a)];
        PriceProduct? throughput = all.Find(p => p.Usage == Throughput);
        return new StoragePrices
        {
            Region = session.Region,
            AsOf = now,
            VolumeGiBMonth = ByName(all.Where(p => p.Usage.StartsWith(Storage, StringComparison.Ordinal) && p["volumeApiName"].Length > 0), p => p["volumeApiName"]),
            IopsMonth = ByName(all.Where(p => p.Usage.StartsWith(Iops, StringComparison.Ordinal)), p => IopsName(p.Usage[Iops.Length..])),
            Gp3ThroughputMonth = throughput is null ? null
                : throughput.Unit.StartsWith("GiB", StringComparison.OrdinalIgnoreCase) ? throughput.Usd / MebibytesOfGibibyte : throughput.Usd,
            SnapshotGiBMonth = all.Find(p => p.Usage == "EBS:SnapshotUsage")?.Usd,
            AddressHour = all.Find(p => p.Usage == "PublicIPv4:InUseAddress")?.Usd,
            IdleAddressHour = all.Find(p => p.Usage == "PublicIPv4:IdleAddress")?.Usd,
            Files = new FilePrices(
                ByName(all.Where(p => FileStorage(p) is not null), p => FileStorage(p)!),
                all.Find(p => p["servicecode"] == "AmazonEFS" && p["usagetype"].EndsWith("ProvisionedTP-MiBpsHrs", StringComparison.Ordinal))?.Usd),
        };
    }

    /// <summary><c>IATimedStorage-Z</c> of <c>USE2-IATimedStorage-Z-ByteHrs</c>; null for what else a file system is billed for.</summary>
    private static string? FileStorage(PriceProduct product)
    {
        string usage = product["usagetype"];
        if (product["servicecode"] != "AmazonEFS" || !usage.EndsWith(StoredBytes, StringComparison.Ordinal) || usage.IndexOf(TimedStorage, StringComparison.Ordinal) is not (>= 0 and var at))
            return null;
        return usage[(usage.LastIndexOf('-', at) + 1)..^StoredBytes.Length];
    }

    // What usage types still call "provisioned IOPS" is io1, the only such volume of its time.
    private static string IopsName(string usage) => usage == "piops" ? "io1" : usage;

    private static Dictionary<string, decimal> ByName(IEnumerable<PriceProduct> products, Func<PriceProduct, string> name) =>
        products.GroupBy(name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Max(p => p.Usd), StringComparer.Ordinal);

    private Task<List<PriceProduct>> AskAsync(string service, string field, string value, CancellationToken cancellationToken)
    {
        List<Filter> filters = [PriceQuestions.Term("regionCode", session.Region), PriceQuestions.Term(field, value)];
        return new PriceQuestions(session).ProductsAsync(service, filters, null, cancellationToken);
    }
}
