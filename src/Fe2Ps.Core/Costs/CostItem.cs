using Fe2Ps.Core.Prices;

namespace Fe2Ps.Core.Costs;

/// <summary>What costs money.</summary>
public enum CostKind
{
    /// <summary>A machine that runs.</summary>
    Instance,

    /// <summary>A disk, attached or not.</summary>
    Volume,

    /// <summary>A snapshot, an image's too.</summary>
    Snapshot,

    /// <summary>A public IPv4 address, used or not.</summary>
    Address,

    /// <summary>A shared file system.</summary>
    FileSystem,
}

/// <summary>One thing that costs money now. A price that is not known is null, and so is what follows from it.</summary>
public sealed record CostItem
{
    /// <summary>What it is.</summary>
    public required CostKind Kind { get; init; }

    /// <summary>Its name; without one, that of the machine or the image that it belongs to; null where there is none.</summary>
    public string? Name { get; init; }

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What it is in a few words: <c>m5.large spot</c>, <c>20 GiB gp3</c>.</summary>
    public required string Description { get; init; }

    /// <summary>True for what costs and serves nobody: a volume that is attached to nothing, an address that nothing uses, or that a machine has which does not run, a file system that no zone reaches.</summary>
    public bool IsIdle { get; init; }

    /// <summary>Since when it costs: an instance since its last start. Null where EC2 does not say.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>USD for each hour from now on.</summary>
    public decimal? UsdPerHour { get; init; }

    /// <summary>USD for a month of 730 hours.</summary>
    public decimal? UsdPerMonth => UsdPerHour * OnDemandPrice.HoursPerMonth is { } month ? decimal.Round(month, 2) : null;

    /// <summary>USD until now, since <see cref="Since"/> or the time that was asked for, whichever is later.</summary>
    public decimal? UsdSoFar { get; init; }

    /// <summary>
    /// USD that <see cref="UsdSoFar"/> may be at most, where it is no more than the least: the machine ran before its last start too, and EC2
    /// does not say how long. Null where there is no such doubt.
    /// </summary>
    public decimal? UsdSoFarAtMost { get; init; }

    /// <summary>Why the numbers are an estimate; null where they are AWS's list prices for what EC2 says.</summary>
    public string? Estimate { get; init; }

    /// <summary>Who made it, <c>user@computer</c>.</summary>
    public string? Owner { get; init; }

    /// <summary>The region's code.</summary>
    public required string Region { get; init; }

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>Several things together.</summary>
public sealed record CostSum
{
    /// <summary>What they have in common; empty for those that have no such name or tag.</summary>
    public required string Group { get; init; }

    /// <summary>How many they are.</summary>
    public required int Count { get; init; }

    /// <summary>USD for each hour from now on, of those whose price is known.</summary>
    public required decimal UsdPerHour { get; init; }

    /// <summary>USD for a month of 730 hours.</summary>
    public decimal UsdPerMonth => decimal.Round(UsdPerHour * OnDemandPrice.HoursPerMonth, 2);

    /// <summary>USD until now, as far as it is known.</summary>
    public required decimal UsdSoFar { get; init; }

    /// <summary>USD that <see cref="UsdSoFar"/> may be at most, where it may be more; null where it is what it is.</summary>
    public decimal? UsdSoFarAtMost { get; init; }

    /// <summary>How many have no known price, or no known beginning: the sums are without them.</summary>
    public required int Unknown { get; init; }

    /// <summary>True where an estimate is among them.</summary>
    public required bool IsEstimate { get; init; }

    /// <summary>The sum of items.</summary>
    public static CostSum Of(string group, IEnumerable<CostItem> items)
    {
        CostItem[] all = [.. items];
        return new CostSum
        {
            Group = group,
            Count = all.Length,
            UsdPerHour = all.Sum(i => i.UsdPerHour ?? 0),
            UsdSoFar = all.Sum(i => i.UsdSoFar ?? 0),
            UsdSoFarAtMost = all.Any(i => i.UsdSoFarAtMost is not null) ? all.Sum(i => i.UsdSoFarAtMost ?? i.UsdSoFar ?? 0) : null,
            Unknown = all.Count(i => i.UsdPerHour is null || i.UsdSoFar is null),
            IsEstimate = all.Any(i => i.Estimate is not null),
        };
    }

    /// <summary>Items in groups, the dearest first.</summary>
    /// <param name="items">The items.</param>
    /// <param name="by"><c>Name</c>, <c>Kind</c>, <c>Owner</c>, <c>Region</c>, or the key of a tag.</param>
    public static IReadOnlyList<CostSum> By(IEnumerable<CostItem> items, string by)
    {
        Func<CostItem, string?> key = by.ToLowerInvariant() switch
        {
            "name" => i => i.Name,
            "kind" => i => i.Kind.ToString(),
            "owner" => i => i.Owner,
            "region" => i => i.Region,
            _ => i => i.Tags.GetValueOrDefault(by),
        };
        return
        [
            .. items.GroupBy(i => key(i) ?? "", StringComparer.Ordinal).Select(g => Of(g.Key, g))
                .OrderByDescending(s => s.UsdPerHour).ThenByDescending(s => s.UsdSoFar).ThenBy(s => s.Group, StringComparer.Ordinal),
        ];
    }
}
