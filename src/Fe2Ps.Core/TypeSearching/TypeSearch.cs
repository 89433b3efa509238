using System.Collections.Concurrent;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.TypeSearching;

/// <summary>Finds instance types by what they have, the cheapest first, in one region or several.</summary>
public sealed class TypeSearch(IReadOnlyList<Fe2Session> sessions)
{
    private const int RegionsAtOnce = 6;

    /// <summary>What fits. One region of several that does not answer is a warning and leaves the others. Volatility and placement score are looked up for what is given back, not for everything that was looked at.</summary>
    public async Task<TypeSearchResult> FindAsync(
        TypeSearchRequest request, IProgress<Fe2Report>? progress = null, CancellationToken cancellationToken = default)
    {
        var offers = new ConcurrentBag<TypeOffer>();
        var problems = new ConcurrentBag<Fe2Exception>();
        var warnings = new RegionWarnings(progress, sessions.Count);
        int done = 0;
        await Parallel.ForEachAsync(
            sessions,
            new ParallelOptions { MaxDegreeOfParallelism = RegionsAtOnce, CancellationToken = cancellationToken },
            async (session, token) =>
            {
                try
                {
                    foreach (TypeOffer offer in await session.GuardAsync(
                        "find instance types", session.Region, () => OfRegionAsync(session, request, warnings.Of(session.Region), token)).ConfigureAwait(false))
                        offers.Add(offer);
                }
                catch (Fe2Exception failure)
                {
                    problems.Add(failure);
                    warnings.Add(session.Region, $"nothing is known of it: {failure.Message}");
                }

                if (sessions.Count > 1)
                    progress?.Report(new ProgressReport("Finding instance types", session.Region, 100 * Interlocked.Increment(ref done) / sessions.Count));
            }).ConfigureAwait(false);
        IReadOnlyList<TypeOffer> found =
        [
            .. offers.OrderBy(o => o.UsdPerHour).ThenBy(o => o.InstanceType, NaturalOrder.Instance).ThenBy(o => o.Region, StringComparer.Ordinal).Take(request.First),
        ];
        if (request.Spot && found.Count > 0)
            found = await WithScoresAsync(await WithVolatilityAsync(found, progress, cancellationToken).ConfigureAwait(false), progress, cancellationToken).ConfigureAwait(false);
        // Where one region answers, those that do not are a warning; where none does, each is an error.
        if (problems.Count < sessions.Count)
            problems.Clear();
        if (sessions.Count > 1 && problems.IsEmpty)
            warnings.Say();
        if (found.Count == 0 && problems.IsEmpty)
            progress?.Report(new WarningReport($"Nothing fits{(request.MaxPrice is null ? "" : " for that price")}; {(request.PreviousGeneration ? "ask for less" : "ask for less, or also for -PreviousGeneration")}, or look in every region with -Region *."));
        return new TypeSearchResult(found, [.. problems.OrderBy(p => $"{p.Target}", StringComparer.Ordinal)]);
    }

    private static async Task<IReadOnlyList<TypeOffer>> OfRegionAsync(
        Fe2Session session, TypeSearchRequest request, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        Task<IReadOnlyDictionary<string, OnDemandPrice>> asking = OnDemandAsync(session, request, progress, cancellationToken);
        IReadOnlyList<TypeFacts> all = await new TypeCatalogue(session).ListAsync(request.Refresh, progress, cancellationToken).ConfigureAwait(false);
        Dictionary<string, TypeFacts> fitting = all.Where(request.Fits).ToDictionary(t => t.Name, StringComparer.Ordinal);
        IReadOnlyList<SpotQuote> quotes = request.Spot && fitting.Count > 0
            ? await new SpotNow(session).ListAsync([.. fitting.Keys], cancellationToken).ConfigureAwait(false) : [];
        IReadOnlyDictionary<string, OnDemandPrice> onDemand = await asking.ConfigureAwait(false);
        IEnumerable<TypeOffer> offers = request.Spot
            ? quotes.GroupBy(q => q.InstanceType, StringComparer.Ordinal).Select(zones => zones.MinBy(q => q.Usd)!)
                .Select(q => Offer(fitting[q.InstanceType], session, onDemand) with
                {
                    Spot = true,
                    Zone = q.Zone,
                    UsdPerHour = q.Usd,
                    AsOf = q.At,
                    SavingPercent = onDemand.TryGetValue(q.InstanceType, out OnDemandPrice? price) ? (double)decimal.Round(100 * (1 - (q.Usd / price.UsdPerHour)), 1) : null,
                })
            : fitting.Values.Where(t => onDemand.ContainsKey(t.Name)).Select(t => Offer(t, session, onDemand));
        return [.. offers.Where(o => !(o.UsdPerHour > request.MaxPrice)).OrderBy(o => o.UsdPerHour).Take(request.First)];
    }

    private static TypeOffer Offer(TypeFacts type, Fe2Session session, IReadOnlyDictionary<string, OnDemandPrice> onDemand)
    {
        OnDemandPrice? price = onDemand.GetValueOrDefault(type.Name);
        return new TypeOffer
        {
            InstanceType = type.Name,
            Region = session.Region,
            Zones = type.Zones,
            VCpu = type.VCpu,
            MemoryGiB = type.MemoryGiB,
            GpuCount = type.GpuCount,
            GpuName = type.GpuName,
            GpuMemoryGiB = type.GpuCount > 0 ? type.GpuMemoryGiB : null,
            Architecture = type.Architectures.Contains("x86_64") ? "x86_64" : type.Architectures.FirstOrDefault() ?? "",
            UsdPerHour = price?.UsdPerHour ?? 0,
            OnDemandUsdPerHour = price?.UsdPerHour,
            AsOf = price?.AsOf ?? default,
        };
    }

    private static async Task<IReadOnlyDictionary<string, OnDemandPrice>> OnDemandAsync(
        Fe2Session session, TypeSearchRequest request, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        try
        {
            PriceSelection prices = await new PriceList(session).OnDemandAsync(
                new PriceRequest { Refresh = request.Refresh }, progress, cancellationToken).ConfigureAwait(false);
            return prices.Prices.ToDictionary(p => p.InstanceType, StringComparer.Ordinal);
        }
        catch (Fe2Exception failure) when (request.Spot)
        {
            // A spot price stands without the price that it saves against.
            progress?.Report(new VerboseReport($"What is saved in {session.Region} is not known: {failure.Message}"));
            return new Dictionary<string, OnDemandPrice>();
        }
    }

    private async Task<IReadOnlyList<TypeOffer>> WithVolatilityAsync(
        IReadOnlyList<TypeOffer> offers, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        var known = new ConcurrentDictionary<(string Type, string Zone), double>();
        await Parallel.ForEachAsync(
            offers.GroupBy(o => o.Region, StringComparer.Ordinal),
            new ParallelOptions { MaxDegreeOfParallelism = RegionsAtOnce, CancellationToken = cancellationToken },
            async (region, token) => await TryAsync("The history of spot prices", region.Key, progress, async () =>
            {
                Fe2Session session = sessions.First(s => s.Region == region.Key);
                foreach (((string, string) key, double percent) in await new SpotVolatility(session).OfAsync([.. region.Select(o => (o.InstanceType, o.Zone!))], token).ConfigureAwait(false))
                    known[key] = percent;
            }, token).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. offers.Select(o => known.TryGetValue((o.InstanceType, o.Zone!), out double percent) ? o with { VolatilityPercent = percent } : o)];
    }

    private async Task<IReadOnlyList<TypeOffer>> WithScoresAsync(
        IReadOnlyList<TypeOffer> offers, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, int> scores = new Dictionary<string, int>();
        Fe2Session[] there = [.. sessions.Where(s => offers.Any(o => o.Region == s.Region))];
        await TryAsync("The spot placement score", string.Join(", ", there.Select(s => s.Region)), progress, async () =>
            scores = await PlacementScores.AskAsync(there, offers.Select(o => o.InstanceType), cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return [.. offers.Select(o => scores.TryGetValue(o.Zone!, out int score) ? o with { PlacementScore = score } : o)];
    }

    /// <summary>What makes a result better, and may be missing: limits and permissions of the account leave its column empty.</summary>
    private static async Task TryAsync(string what, string where, IProgress<Fe2Report>? progress, Func<Task> ask, CancellationToken cancellationToken)
    {
        try
        {
            await ask().ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && e is AmazonServiceException or AmazonClientException or HttpRequestException or OperationCanceledException)
        {
            progress?.Report(new VerboseReport($"{what} in {where} is not known: {e.Message}"));
        }
    }
}
