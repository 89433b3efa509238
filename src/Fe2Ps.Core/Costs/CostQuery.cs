using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Costs;

/// <summary>What was found, and what could not be looked at.</summary>
public sealed record CostSelection(IReadOnlyList<CostItem> Items, IReadOnlyList<Fe2Exception> Problems);

/// <summary>
/// What costs money now in a region: machines that run, disks, snapshots, public addresses, shared file systems. Nothing is known of what is gone already:
/// EC2 forgets a terminated machine after about an hour. Traffic, reservations and discounts are not part of it.
/// </summary>
public sealed class CostQuery(Fe2Session session)
{
    /// <summary>Everything that costs, by kind, then by name.</summary>
    /// <param name="since">Counts what it cost so far from this time on; null from the beginning of each.</param>
    /// <param name="report">Warned where prices are old or missing.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<CostSelection> ListAsync(
        DateTimeOffset? since = null, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        var problems = new List<Fe2Exception>();
        Task<List<Instance>> instances = TryAsync("list instances", problems, () => new InstanceQuery(session).ByFiltersAsync(
            [InstanceQuery.Filter("instance-state-name", InstanceQuery.NotTerminated)], cancellationToken));
        Task<List<Volume>> volumes = TryAsync("list volumes", problems, () => new VolumeQuery(session).ByFiltersAsync([], cancellationToken));
        Task<List<Snapshot>> snapshots = TryAsync("list snapshots", problems, () => new SnapshotQuery(session).ByFiltersAsync([], cancellationToken));
        Task<List<Image>> images = TryAsync<Image>("list images", problems, async () => [.. await new ImageFinder(session).OwnAsync(cancellationToken).ConfigureAwait(false)]);
        Task<List<Address>> addresses = TryAsync("list addresses", problems, async () =>
            (await session.Ec2.DescribeAddressesAsync(new DescribeAddressesRequest(), cancellationToken).ConfigureAwait(false)).Addresses);
        Task<List<FileSystemDescription>> files = TryAsync<FileSystemDescription>("list file systems", problems, async () =>
            [.. (await new FileSystemQuery(session).ListAsync([], cancellationToken).ConfigureAwait(false)).FileSystems]);
        Task<StoragePrices?> storage = TryPriceAsync(() => new PriceList(session).StorageAsync(progress: report, cancellationToken: cancellationToken), problems);
        await Task.WhenAll(instances, volumes, snapshots, images, addresses, files, storage).ConfigureAwait(false);

        List<Instance> machines = await instances.ConfigureAwait(false);
        InstancePrices prices = await InstancePrices.LookUpAsync(session, machines, report, problems, cancellationToken).ConfigureAwait(false);
        var meter = new CostMeter(session.Region, session.Clock.GetUtcNow(), since, await storage.ConfigureAwait(false));
        IEnumerable<CostItem> items =
        [
            .. machines.Where(CostMeter.Runs).Select(i => meter.Instance(i, prices.Of(i))),
            .. (await volumes.ConfigureAwait(false)).Select(v => meter.Volume(v, machines)),
            .. Snapshots(meter, await snapshots.ConfigureAwait(false), await images.ConfigureAwait(false)),
            .. meter.Addresses(machines, await addresses.ConfigureAwait(false)),
            .. (await files.ConfigureAwait(false)).Select(meter.FileSystem),
        ];
        return new CostSelection(
            [.. items.OrderBy(i => i.Kind).ThenBy(i => i.Name is null).ThenBy(i => i.Name, NaturalOrder.Instance).ThenBy(i => i.Id, StringComparer.Ordinal)], problems);
    }

    private static IEnumerable<CostItem> Snapshots(CostMeter meter, List<Snapshot> snapshots, List<Image> images)
    {
        Dictionary<string, Image> users = images.SelectMany(i => ImageFacts.SnapshotIds(i).Select(id => (Id: id, Image: i)))
            .DistinctBy(p => p.Id).ToDictionary(p => p.Id, p => p.Image, StringComparer.Ordinal);
        return snapshots.Select(s => meter.Snapshot(s, users.GetValueOrDefault(s.SnapshotId)));
    }

    /// <summary>What may not be looked at does not hide the rest.</summary>
    private async Task<List<T>> TryAsync<T>(string action, List<Fe2Exception> problems, Func<Task<List<T>>> ask)
    {
        try
        {
            return await session.GuardAsync(action, session.Region, ask).ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            lock (problems)
                problems.Add(e);
            return [];
        }
    }

    private static async Task<StoragePrices?> TryPriceAsync(Func<Task<StoragePrices>> ask, List<Fe2Exception> problems)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            lock (problems)
                problems.Add(e);
            return null;
        }
    }
}
