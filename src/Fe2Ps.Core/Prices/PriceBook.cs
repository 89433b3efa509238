using System.Collections.Concurrent;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>
/// The prices of machines that exist, for views: they show what this process or an earlier one has learnt, and never ask. On-demand
/// prices are the <see cref="PriceList"/>'s, spot prices <see cref="SpotNow"/>'s.
/// </summary>
public sealed class PriceBook(Fe2Session session)
{
    private static readonly TimeSpan WarmLimit = TimeSpan.FromSeconds(20);
    private const int MostNoticed = 8;
    private static readonly ConcurrentDictionary<string, Shelf> ByRegion = new();

    /// <summary>
    /// How old a spot price may be that is given as the present one. EC2 adjusts them gradually (EC2 user guide, "Spot Instances"), and one
    /// that is older than <see cref="SpotNow.Freshness"/> is asked for behind, for the next view.
    /// </summary>
    internal static readonly TimeSpan OldestSpot = TimeSpan.FromHours(6);

    private Shelf Own => new(session.Folder, session.CacheScope, session.Clock);

    /// <summary>What one hour of an instance costs while it runs, if that is known without asking; 0 for one that is stopped.</summary>
    public decimal? TryGetCached(Instance instance) => PriceOf(instance, Own);

    /// <summary>A kept price, or null. A zone asks for its spot price, of the last <see cref="OldestSpot"/>; null for the on-demand one.</summary>
    public decimal? TryGetCached(string type, string? spotZone = null) => Find(Own, type, spotZone);

    /// <summary>
    /// For views, which have no session: the price of an instance in the region of its own zone, if this process knows it.
    /// </summary>
    public static decimal? TryGetKnown(Instance instance) =>
        instance.Placement?.AvailabilityZone is { } zone
            && ByRegion.TryGetValue(zone.TrimEnd("abcdefghijklmnopqrstuvwxyz".ToCharArray()), out Shelf? shelf)
            ? PriceOf(instance, shelf) : null;

    /// <summary>Learns the on-demand prices of types behind the back of other work, for views; failures do not matter.</summary>
    public void Warm(params string[] types) => Behind(token => Task.WhenAll(types.Select(InstanceTypePattern.FamilyOf).Distinct(StringComparer.Ordinal).Select(
        family => new PriceList(session).FamilyAsync(family, "Linux", false, null, null, token))));

    /// <summary>
    /// Told of every list that goes by: this session's prices become the ones that views show for its region, and types whose
    /// price is not known, or old, are asked for behind, for the next view. A long list of types is left to those who ask for prices.
    /// </summary>
    internal void Notice(IReadOnlyCollection<Instance> instances)
    {
        ByRegion[session.Region] = Own;
        DateTimeOffset now = session.Clock.GetUtcNow();
        var list = new PriceList(session);
        string[] unknown = [.. Types(instances.Where(i => !InstanceFacts.IsSpot(i) && list.TryGetCached(TypeOf(i), now - PriceList.Freshness) is null))];
        if (unknown.Length is > 0 and <= MostNoticed)
            Warm(unknown);
        // Spot prices change; what a machine that stands still would cost interests nobody.
        var spot = new SpotNow(session);
        string[] unknownSpot = [.. Types(instances.Where(i => InstanceFacts.IsSpot(i) && InstanceFacts.StateOf(i) is "running" or "pending"
            && i.Placement?.AvailabilityZone is { } zone && spot.TryGetCached(TypeOf(i), zone, SpotNow.Freshness) is null))];
        if (unknownSpot.Length is > 0 and <= MostNoticed)
            Behind(token => spot.ListAsync(unknownSpot, token));
    }

    private static decimal? PriceOf(Instance instance, Shelf shelf)
    {
        if (InstanceFacts.StateOf(instance) is not ("running" or "pending"))
            return 0;
        return instance.InstanceType?.Value is { } type && BilledSystem.Of(instance) == BilledSystem.Linux
            ? Find(shelf, type, InstanceFacts.IsSpot(instance) ? instance.Placement?.AvailabilityZone ?? "" : null) : null;
    }

    private static decimal? Find(Shelf shelf, string type, string? spotZone) =>
        spotZone is null ? PriceList.TryGetCached(shelf.Folder, shelf.Scope, type)?.UsdPerHour
            : SpotNow.TryGetCached(shelf.Folder, shelf.Scope, type, spotZone, shelf.Clock.GetUtcNow(), OldestSpot)?.Usd;

    private static void Behind(Func<CancellationToken, Task> learn) => _ = Task.Run(async () =>
    {
        try
        {
            using var limit = new CancellationTokenSource(WarmLimit);
            await learn(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException or IOException or Amazon.Runtime.AmazonServiceException
            or Amazon.Runtime.AmazonClientException or HttpRequestException)
        {
            // A view without a price is still a view.
        }
    });

    private static string TypeOf(Instance instance) => instance.InstanceType?.Value ?? "";

    private static IEnumerable<string> Types(IEnumerable<Instance> instances) =>
        instances.Select(TypeOf).Where(t => t.Length > 0).Distinct(StringComparer.Ordinal).Take(MostNoticed + 1);

    /// <summary>Where a session keeps its prices, and its clock.</summary>
    private sealed record Shelf(Fe2Home Folder, string Scope, TimeProvider Clock);
}
