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
    private static readonly ConcurrentDictionary<string, (Fe2Home Folder, string Scope)> ByRegion = new();

    /// <summary>What one hour of an instance costs while it runs, if that is known without asking; 0 for one that is stopped.</summary>
    public decimal? TryGetCached(Instance instance) => PriceOf(instance, session.Folder, session.CacheScope);

    /// <summary>A kept price, or null. A zone asks for its spot price, null for the on-demand one.</summary>
    public decimal? TryGetCached(string type, string? spotZone = null) => Find(session.Folder, session.CacheScope, type, spotZone);

    /// <summary>
    /// For views, which have no session: the price of an instance in the region of its own zone, if this process knows it.
    /// </summary>
    public static decimal? TryGetKnown(Instance instance) =>
        instance.Placement?.AvailabilityZone is { } zone
            && ByRegion.TryGetValue(zone.TrimEnd("abcdefghijklmnopqrstuvwxyz".ToCharArray()), out (Fe2Home Folder, string Scope) place)
            ? PriceOf(instance, place.Folder, place.Scope) : null;

    /// <summary>Learns the on-demand prices of types behind the back of other work, for views; failures do not matter.</summary>
    public void Warm(params string[] types) => Behind(token => Task.WhenAll(types.Select(InstanceTypePattern.FamilyOf).Distinct(StringComparer.Ordinal).Select(
        family => new PriceList(session).FamilyAsync(family, "Linux", false, null, null, token))));

    /// <summary>
    /// Told of every list that goes by: this session's prices become the ones that views show for its region, and types whose
    /// price is not known, or old, are asked for behind, for the next view. A long list of types is left to those who ask for prices.
    /// </summary>
    internal void Notice(IReadOnlyCollection<Instance> instances)
    {
        ByRegion[session.Region] = (session.Folder, session.CacheScope);
        DateTimeOffset now = session.Clock.GetUtcNow();
        var list = new PriceList(session);
        string[] unknown = [.. Types(instances.Where(i => !InstanceFacts.IsSpot(i) && list.TryGetCached(TypeOf(i), now - PriceList.Freshness) is null))];
        if (unknown.Length is > 0 and <= MostNoticed)
            Warm(unknown);
        // Spot prices change; what a machine that stands still would cost interests nobody.
        var spot = new SpotNow(session);
        string[] unknownSpot = [.. Types(instances.Where(i => InstanceFacts.IsSpot(i) && InstanceFacts.StateOf(i) is "running" or "pending"
            && i.Placement?.AvailabilityZone is { } zone && spot.TryGetCached(TypeOf(i), zone, now - SpotNow.Freshness) is null))];
        if (unknownSpot.Length is > 0 and <= MostNoticed)
            Behind(token => spot.ListAsync(unknownSpot, token));
    }

    private static decimal? PriceOf(Instance instance, Fe2Home folder, string scope)
    {
        if (InstanceFacts.StateOf(instance) is not ("running" or "pending"))
            return 0;
        return instance.InstanceType?.Value is { } type && BilledSystem.Of(instance) == BilledSystem.Linux
            ? Find(folder, scope, type, InstanceFacts.IsSpot(instance) ? instance.Placement?.AvailabilityZone ?? "" : null) : null;
    }

    private static decimal? Find(Fe2Home folder, string scope, string type, string? spotZone) =>
        spotZone is null ? PriceList.TryGetCached(folder, scope, type)?.UsdPerHour : SpotNow.TryGetCached(folder, scope, type, spotZone)?.Usd;

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
}
