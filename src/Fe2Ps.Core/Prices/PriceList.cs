using Amazon.Pricing;
using Fe2Ps.Core.Caches;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>
/// AWS's price list for the session's region: instance types on demand, and storage. What AWS answered is kept in the Fe2 folder
/// for a week, a family at a time; when AWS cannot answer, what was kept is used with a warning that says how old it is.
/// </summary>
public sealed class PriceList(Fe2Session session)
{
    /// <summary>How long a kept price is used without asking. AWS changes on-demand prices a few times a year.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromDays(7);

    /// <summary>The operating systems whose prices can be asked for, in the price list's words.</summary>
    public static IReadOnlyList<string> OperatingSystems { get; } = ["Linux", "Windows", "RHEL", "SUSE", "Ubuntu Pro"];

    /// <summary>On-demand prices of families, types or everything, by family, then by price.</summary>
    /// <exception cref="Fe2Exception"><c>OperatingSystemUnknown</c>; a failure of the call where nothing is kept.</exception>
    public Task<PriceSelection> OnDemandAsync(
        PriceRequest request, IProgress<Fe2Report>? progress = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("look up prices", request.Patterns.FirstOrDefault(), async () =>
        {
            string system = SystemOf(request.OperatingSystem);
            var problems = new List<Fe2Exception>();
            InstanceTypePattern[] patterns = [.. Read(request.Patterns.Count > 0 ? request.Patterns : ["*"], problems)];
            var stale = new List<(DateTimeOffset At, Fe2Exception Why)>();
            var found = new Dictionary<string, OnDemandPrice>(StringComparer.Ordinal);
            var families = new Dictionary<string, IReadOnlyList<OnDemandPrice>>(StringComparer.Ordinal);
            // With a wide pattern among them the whole list is there anyway.
            bool isWide = patterns.Any(p => p.Family is null);
            foreach (InstanceTypePattern pattern in patterns)
            {
                string? family = isWide ? null : pattern.Family;
                if (!families.TryGetValue(family ?? "*", out IReadOnlyList<OnDemandPrice>? prices))
                {
                    families[family ?? "*"] = prices = await FamilyAsync(
                        family, system, request.Refresh, (at, why) => stale.Add((at, why)), progress, cancellationToken).ConfigureAwait(false);
                }

                OnDemandPrice[] matches = [.. prices.Where(p => pattern.IsMatch(p.InstanceType))];
                foreach (OnDemandPrice price in matches)
                    found[price.InstanceType] = price;
                if (matches.Length == 0 && !pattern.HasWildcard)
                    problems.Add(await UnknownAsync(pattern, prices, system, cancellationToken).ConfigureAwait(false));
            }

            if (stale.Count > 0)
                progress?.Report(new WarningReport(OldNews(stale.MinBy(s => s.At))));
            return new PriceSelection([.. found.Values.Order(ByFamilyAndPrice)], problems);
        });

    /// <summary>What disks, snapshots and public addresses cost.</summary>
    /// <param name="refresh">Asks AWS whatever is kept.</param>
    /// <param name="progress">Is warned where AWS cannot be asked and old prices are used.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<StoragePrices> StorageAsync(
        bool refresh = false, IProgress<Fe2Report>? progress = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync("look up prices of storage", session.Region, async () =>
        {
            Cached<StoragePrices> kept = await KeptAnswers.GetAsync(
                session, $"prices-{session.CacheScope}-storage", Freshness,
                () => DiskCache.Find(session.Folder, $"prices-{session.CacheScope}-storage", PriceText.ReadStorage),
                async () =>
                {
                    StoragePrices fresh = await new StorageQuestions(session).AskAsync(cancellationToken).ConfigureAwait(false);
                    return DiskCache.Put(session.Folder, $"prices-{session.CacheScope}-storage", fresh.AsOf, fresh, PriceText.Write);
                },
                refresh, (at, why) => progress?.Report(new WarningReport(OldNews((at, why)))), cancellationToken).ConfigureAwait(false);
            return kept.Value;
        });

    /// <summary>The Linux price of a type if it is known, however old, without asking anybody.</summary>
    internal OnDemandPrice? TryGetCached(string type, DateTimeOffset? notBefore = null) => TryGetCached(session.Folder, session.CacheScope, type, notBefore);

    /// <inheritdoc cref="TryGetCached(string, DateTimeOffset?)"/>
    internal static OnDemandPrice? TryGetCached(Fe2Home folder, string scope, string type, DateTimeOffset? notBefore = null) =>
        Kept(folder, scope, InstanceTypePattern.FamilyOf(type), "Linux") is { } kept && !(kept.At < notBefore)
            ? kept.Value.FirstOrDefault(p => p.InstanceType == type) : null;

    /// <summary>The prices of one family, or with null of all; empty where AWS knows no such family.</summary>
    internal async Task<IReadOnlyList<OnDemandPrice>> FamilyAsync(
        string? family, string operatingSystem, bool refresh, Action<DateTimeOffset, Fe2Exception>? onStale, IProgress<Fe2Report>? progress,
        CancellationToken cancellationToken) =>
        (await KeptAnswers.GetAsync(
            session, NameOf(session.CacheScope, family, operatingSystem), Freshness,
            () => Kept(session.Folder, session.CacheScope, family, operatingSystem),
            () => AskAsync(family, operatingSystem, progress, cancellationToken),
            refresh, onStale, cancellationToken).ConfigureAwait(false)).Value;

    private static IComparer<OnDemandPrice> ByFamilyAndPrice { get; } = Comparer<OnDemandPrice>.Create((a, b) =>
    {
        int family = NaturalOrder.Instance.Compare(InstanceTypePattern.FamilyOf(a.InstanceType), InstanceTypePattern.FamilyOf(b.InstanceType));
        int price = family != 0 ? family : a.UsdPerHour.CompareTo(b.UsdPerHour);
        return price != 0 ? price : NaturalOrder.Instance.Compare(a.InstanceType, b.InstanceType);
    });

    private static string NameOf(string scope, string? family, string operatingSystem) =>
        $"prices-{scope}-{operatingSystem.ToLowerInvariant().Replace(' ', '-')}-{family ?? "_all"}";

    /// <summary>The newer of what was kept for the family alone and of its part of the whole list.</summary>
    private static Cached<IReadOnlyList<OnDemandPrice>>? Kept(Fe2Home folder, string scope, string? family, string operatingSystem)
    {
        Cached<IReadOnlyList<OnDemandPrice>>? all = DiskCache.Find(folder, NameOf(scope, null, operatingSystem), PriceText.ReadTypes);
        if (family is null)
            return all;
        Cached<IReadOnlyList<OnDemandPrice>>? alone = DiskCache.Find(folder, NameOf(scope, family, operatingSystem), PriceText.ReadTypes);
        if (all is null || alone?.At >= all.At)
            return alone;
        OnDemandPrice[] part = [.. all.Value.Where(p => InstanceTypePattern.FamilyOf(p.InstanceType) == family)];
        return part.Length > 0 ? new(all.At, part) : alone;
    }

    private static string SystemOf(string text) =>
        OperatingSystems.FirstOrDefault(s => s.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? throw new Fe2Exception(
            "OperatingSystemUnknown", Fe2ErrorKind.InvalidArgument, $"The price list has no operating system '{text}'.",
            $"Give one of: {string.Join(", ", OperatingSystems)}.", text);

    private async Task<Cached<IReadOnlyList<OnDemandPrice>>> AskAsync(
        string? family, string operatingSystem, IProgress<Fe2Report>? progress, CancellationToken cancellationToken)
    {
        var questions = new PriceQuestions(session);
        DateTimeOffset now = session.Clock.GetUtcNow();
        IReadOnlyList<OnDemandPrice> prices;
        try
        {
            prices = await questions.TypesAsync(family, operatingSystem, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonPricingException e) when (family is not null && e.ErrorCode is "InvalidParameterException" or "ValidationException")
        {
            // A price list service that cannot filter by a part of a name can still give everything.
            prices = await questions.TypesAsync(family = null, operatingSystem, progress, cancellationToken).ConfigureAwait(false);
        }

        // Nothing is not kept: a family that AWS brings out tomorrow must not stay unknown for a week.
        return prices.Count == 0
            ? new(now, prices)
            : DiskCache.Put(session.Folder, NameOf(session.CacheScope, family, operatingSystem), now, prices, PriceText.Write);
    }

    private static IEnumerable<InstanceTypePattern> Read(IEnumerable<string> texts, List<Fe2Exception> problems)
    {
        foreach (string text in texts)
        {
            InstanceTypePattern pattern;
            try
            {
                pattern = new InstanceTypePattern(text);
            }
            catch (Fe2Exception invalid)
            {
                problems.Add(invalid);
                continue;
            }

            yield return pattern;
        }
    }

    private async Task<Fe2Exception> UnknownAsync(
        InstanceTypePattern pattern, IReadOnlyList<OnDemandPrice> family, string operatingSystem, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> types = [.. family.Select(p => p.InstanceType)];
        if (types.Count == 0)
        {
            try
            {
                types = await new InstanceTypes(session).NamesAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Fe2Exception)
            {
                // What is near is a kindness; without the permission to list types there is none.
            }
        }

        return types.Any(pattern.IsMatch)
            ? new Fe2Exception(
                "PriceNotFound", Fe2ErrorKind.NotFound, $"AWS sells no '{pattern.Text}' with {operatingSystem} in {session.Region}.",
                "Name another operating system with -OperatingSystem, or another region with -Region.", pattern.Text)
            : pattern.NotFound(types, session.Region);
    }

    private string OldNews((DateTimeOffset At, Fe2Exception Why) stale) =>
        $"{stale.Why.Message} These prices are {AgeText.Of(session.Clock.GetUtcNow() - stale.At)} old, from {stale.At.LocalDateTime:yyyy-MM-dd HH:mm}.";
}
