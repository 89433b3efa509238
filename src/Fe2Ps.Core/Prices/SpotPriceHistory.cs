using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>Which spot prices, and since when.</summary>
/// <param name="InstanceTypes">Types, families or patterns, as <see cref="InstanceTypePattern"/> takes them.</param>
/// <param name="Zones">Zones by name or pattern; empty means all.</param>
/// <param name="Days">The length of the span, which ends now: above 0 and at most 90 days, since EC2 keeps no more.</param>
/// <param name="OperatingSystem"><c>Linux</c>, <c>RHEL</c>, <c>SUSE</c> or <c>Windows</c>.</param>
public sealed record SpotPriceQuery(
    IReadOnlyList<string> InstanceTypes, IReadOnlyList<string>? Zones = null, double Days = 3, string OperatingSystem = "Linux");

/// <summary>Spot prices that were found, and what could not be.</summary>
/// <param name="Prices">By type and zone.</param>
/// <param name="Problems">One for each pattern that stands for nothing.</param>
public sealed record SpotPriceSelection(IReadOnlyList<SpotPriceSummary> Prices, IReadOnlyList<Fe2Exception> Problems);

/// <summary>
/// The history of spot prices. EC2 gives the changes of up to 90 days, and besides the last one before them, which holds at their start:
/// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
/// </summary>
public sealed class SpotPriceHistory(Fe2Session session)
{
    /// <summary>How far back EC2 looks, in days.</summary>
    public const int MostDays = 90;

    /// <summary>Pages follow one another, so a long history is asked for in so many threads of pages, each about its own types.</summary>
    private const int Threads = 4;
    private const int LongDays = 7;

    /// <summary>The operating systems, and what EC2 calls their spot prices.</summary>
    private static readonly Dictionary<string, string> Products = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Linux"] = "Linux/UNIX",
        ["RHEL"] = "Red Hat Enterprise Linux",
        ["SUSE"] = "SUSE Linux",
        ["Windows"] = "Windows",
    };

    /// <summary>Spot prices with what on-demand machines cost, by type and zone. A price list that cannot be read is a warning: the history is whole without it.</summary>
    /// <exception cref="Fe2Exception">As <see cref="ReadAsync"/>.</exception>
    public async Task<IReadOnlyList<SpotPriceSummary>> ListAsync(SpotPriceQuery query, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<SpotPriceSeries> all = await ReadAsync(query, report, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, decimal> onDemand = await OnDemandAsync(
            [.. all.Select(s => s.InstanceType)], Canonical(query.OperatingSystem), report, cancellationToken).ConfigureAwait(false);
        return
        [
            .. from series in all
               let whole = series.Whole()
               where whole is not null
               select new SpotPriceSummary(series, session.Region, whole, onDemand.TryGetValue(series.InstanceType, out decimal usd) ? usd : null),
        ];
    }

    /// <summary>As <see cref="ListAsync"/>, but a type or family that there is none of is a problem beside the prices of the others.</summary>
    public async Task<SpotPriceSelection> SelectAsync(SpotPriceQuery query, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        string[] patterns = [.. query.InstanceTypes.Distinct(StringComparer.OrdinalIgnoreCase)];
        try
        {
            return new SpotPriceSelection(await ListAsync(query with { InstanceTypes = patterns }, report, cancellationToken).ConfigureAwait(false), []);
        }
        catch (Fe2Exception e) when (patterns.Length > 1 && IsOfOneType(e))
        {
            var known = new List<string>();
            var problems = new List<Fe2Exception>();
            foreach (string pattern in patterns)
            {
                try
                {
                    await InstanceTypePattern.ResolveAsync(session, [pattern], cancellationToken).ConfigureAwait(false);
                    known.Add(pattern);
                }
                catch (Fe2Exception unknown) when (IsOfOneType(unknown))
                {
                    problems.Add(unknown);
                }
            }

            return new SpotPriceSelection(
                known.Count == 0 ? [] : await ListAsync(query with { InstanceTypes = known }, report, cancellationToken).ConfigureAwait(false), problems);
        }
    }

    private static bool IsOfOneType(Fe2Exception failure) => failure.Id is "InstanceTypeNotFound" or "InstanceTypePatternInvalid";

    /// <summary>The changes of the prices, by type and zone. Types that have no spot price anywhere are named in a warning.</summary>
    /// <exception cref="Fe2Exception"><c>SpotPriceDaysInvalid</c>, <c>OperatingSystemInvalid</c>, <c>InstanceTypeNotFound</c>, <c>InstanceTypePatternInvalid</c>,
    /// <c>ZoneNotFound</c>, <c>SpotPriceHistoryBroken</c>.</exception>
    public Task<IReadOnlyList<SpotPriceSeries>> ReadAsync(SpotPriceQuery query, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<SpotPriceSeries>>("read the history of spot prices", string.Join(", ", query.InstanceTypes), async () =>
        {
            PriceCurrency.Check(session);
            string product = Check(query);
            IReadOnlyList<string> types = await InstanceTypePattern.ResolveAsync(session, query.InstanceTypes, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<string> zones = query.Zones is { Count: > 0 } wanted
                ? await ZonesAsync(wanted, cancellationToken).ConfigureAwait(false) : [];
            DateTimeOffset now = session.Clock.GetUtcNow();
            // EC2's own clock is not this one; a whole second keeps its answers and this span apart from fractions of it.
            var to = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
            var span = new Span(to.AddDays(-query.Days), to, product, zones);
            var changes = new Dictionary<(string Type, string Zone), List<SpotPriceChange>>();
            int threads = query.Days > LongDays ? Math.Min(Threads, types.Count) : 1;
            int read = 0;
            await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => PagesAsync(
                span, [.. types.Where((_, i) => i % threads == thread)],
                page =>
                {
                    lock (changes)
                    {
                        Take(page, span, changes);
                        read += page.Count;
                    }

                    report?.Report(new ProgressReport($"Reading spot prices of {string.Join(", ", query.InstanceTypes)}", $"{read} changes"));
                },
                cancellationToken))).ConfigureAwait(false);
            string[] silent = [.. types.Where(t => !changes.Keys.Any(k => k.Type == t))];
            if (silent.Length > 0)
                report?.Report(new WarningReport($"No spot price in {session.Region}{(zones.Count > 0 ? $" ({string.Join(", ", zones)})" : "")}: {string.Join(", ", silent)}."));
            return
            [
                .. changes.OrderBy(c => c.Key.Type, NaturalOrder.Instance).ThenBy(c => c.Key.Zone, StringComparer.Ordinal)
                    .Select(c => new SpotPriceSeries(c.Key.Type, c.Key.Zone, Canonical(query.OperatingSystem), span.From, span.To, c.Value)),
            ];
        });

    private async Task PagesAsync(Span span, List<string> types, Action<List<SpotPrice>> take, CancellationToken cancellationToken)
    {
        var request = new DescribeSpotPriceHistoryRequest
        {
            InstanceTypes = types,
            ProductDescriptions = [span.Product],
            StartTime = span.From.UtcDateTime,
            EndTime = span.To.UtcDateTime,
            MaxResults = 1000,
            Filters = span.Zones.Count > 0 ? [InstanceQuery.Filter("availability-zone", [.. span.Zones])] : [],
        };
        var tokens = new HashSet<string>(StringComparer.Ordinal);
        do
        {
            DescribeSpotPriceHistoryResponse page = await session.Ec2.DescribeSpotPriceHistoryAsync(request, cancellationToken).ConfigureAwait(false);
            take(page.SpotPriceHistory);
            request.NextToken = page.NextToken;
            if (!string.IsNullOrEmpty(page.NextToken) && !tokens.Add(page.NextToken))
            {
                throw new Fe2Exception(
                    "SpotPriceHistoryBroken", Fe2ErrorKind.OperationFailed, "EC2 gave the same page of the spot price history twice, so its end cannot be reached.",
                    "Try again; if it stays so, ask for fewer days or for one type.", string.Join(", ", types));
            }
        }
        while (!string.IsNullOrEmpty(request.NextToken));
    }

    private static void Take(
        List<SpotPrice> page, Span span, Dictionary<(string Type, string Zone), List<SpotPriceChange>> changes)
    {
        foreach (SpotPrice price in page)
        {
            // Accounts from before 2013 get a second price of the same machines, with '(Amazon VPC)' behind the product.
            if (price.Timestamp is not { } time || price.ProductDescription?.Value is not { } product || !product.StartsWith(span.Product, StringComparison.Ordinal)
                || !decimal.TryParse(price.Price, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal usd))
                continue;
            (string, string) key = (price.InstanceType.Value, price.AvailabilityZone);
            if (!changes.TryGetValue(key, out List<SpotPriceChange>? list))
                changes[key] = list = [];
            list.Add(new SpotPriceChange(new DateTimeOffset(time.ToUniversalTime()), usd));
        }
    }

    private async Task<IReadOnlyList<string>> ZonesAsync(IReadOnlyList<string> wanted, CancellationToken cancellationToken)
    {
        DescribeAvailabilityZonesResponse answer = await session.Ec2.DescribeAvailabilityZonesAsync(
            new DescribeAvailabilityZonesRequest(), cancellationToken).ConfigureAwait(false);
        string[] zones = [.. answer.AvailabilityZones.Select(z => z.ZoneName).Order(StringComparer.Ordinal)];
        var chosen = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string name in wanted)
        {
            // Also the letter alone, as zones of one region are told apart: 2b, b.
            string[] found = [.. zones.Where(z => InstanceQuery.Matches(name, z) || z == session.Region + name || (name.Length == 2 && z == session.Region[..^1] + name))];
            if (found.Length == 0)
            {
                throw new Fe2Exception(
                    "ZoneNotFound", Fe2ErrorKind.NotFound, $"There is no zone '{name}' in {session.Region}.", $"Its zones are {string.Join(", ", zones)}.", name);
            }

            chosen.UnionWith(found);
        }

        return [.. chosen];
    }

    private async Task<IReadOnlyDictionary<string, decimal>> OnDemandAsync(
        IReadOnlyList<string> types, string operatingSystem, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var list = new PriceList(session);
        try
        {
            IReadOnlyList<OnDemandPrice>[] families = await Task.WhenAll(types.Select(InstanceTypePattern.FamilyOf).Distinct(StringComparer.Ordinal)
                .Select(family => list.FamilyAsync(family, operatingSystem, false, null, null, cancellationToken))).ConfigureAwait(false);
            return families.SelectMany(f => f).ToDictionary(p => p.InstanceType, p => p.UsdPerHour, StringComparer.Ordinal);
        }
        catch (Exception failure) when (ErrorTranslation.Translate(failure, session, "look up prices") is var told && failure is not OperationCanceledException)
        {
            report?.Report(new WarningReport($"Without on-demand prices: {told.Message}"));
            return new Dictionary<string, decimal>();
        }
    }

    private static string Check(SpotPriceQuery query)
    {
        if (query.Days is not (> 0 and <= MostDays))
        {
            throw new Fe2Exception(
                "SpotPriceDaysInvalid", Fe2ErrorKind.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"-Days {query.Days} is not above 0 and at most {MostDays}."),
                $"EC2 keeps the spot prices of {MostDays} days.", query.Days);
        }

        return Products.TryGetValue(query.OperatingSystem, out string? product) ? product : throw new Fe2Exception(
            "OperatingSystemInvalid", Fe2ErrorKind.InvalidArgument, $"There are no spot prices for the operating system '{query.OperatingSystem}'.",
            $"Give one of {string.Join(", ", Products.Keys)}.", query.OperatingSystem);
    }

    private static string Canonical(string operatingSystem) => Products.Keys.First(k => k.Equals(operatingSystem, StringComparison.OrdinalIgnoreCase));

    private sealed record Span(DateTimeOffset From, DateTimeOffset To, string Product, IReadOnlyList<string> Zones);
}
