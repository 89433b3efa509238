namespace Fe2Ps.Core.TypeSearching;

/// <summary>What an instance type must have at least, and what it may cost at most.</summary>
public sealed record TypeSearchRequest
{
    /// <summary>Virtual processors, at least.</summary>
    public int Cpu { get; init; }

    /// <summary>Memory in GiB, at least.</summary>
    public double MemoryGiB { get; init; }

    /// <summary>GPUs, at least.</summary>
    public int Gpu { get; init; }

    /// <summary>Memory of all GPUs together in GiB, at least.</summary>
    public double GpuMemoryGiB { get; init; }

    /// <summary><c>x86_64</c>, <c>arm64</c>, or null for any.</summary>
    public string? Architecture { get; init; }

    /// <summary>Spot prices, a zone each, instead of on-demand ones.</summary>
    public bool Spot { get; init; }

    /// <summary>USD an hour, at most.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>How many to find, the cheapest first.</summary>
    public int First { get; init; } = 20;

    /// <summary>Also types that AWS calls a previous generation.</summary>
    public bool PreviousGeneration { get; init; }

    /// <summary>Asks AWS whatever is kept.</summary>
    public bool Refresh { get; init; }

    internal bool Fits(TypeFacts type) =>
        type.VCpu >= Cpu && type.MemoryGiB >= MemoryGiB && type.GpuCount >= Gpu && type.GpuMemoryGiB >= GpuMemoryGiB
        && (Architecture is null || type.Architectures.Contains(Architecture)) && (PreviousGeneration || type.IsCurrent) && (!Spot || type.IsSpot);
}

/// <summary>An instance type that fits, in the zone of its region where it costs least.</summary>
public sealed record TypeOffer
{
    /// <summary>The type.</summary>
    public required string InstanceType { get; init; }

    /// <summary>The region's code.</summary>
    public required string Region { get; init; }

    /// <summary>The zone of a spot price; null for on-demand, which costs the same in all <see cref="Zones"/>.</summary>
    public string? Zone { get; init; }

    /// <summary>The zones that offer the type.</summary>
    public IReadOnlyList<string> Zones { get; init; } = [];

    /// <summary>Virtual processors.</summary>
    public int VCpu { get; init; }

    /// <summary>Memory in GiB.</summary>
    public double MemoryGiB { get; init; }

    /// <summary>GPUs; 0 for none.</summary>
    public int GpuCount { get; init; }

    /// <summary>What the GPUs are; null for none.</summary>
    public string? GpuName { get; init; }

    /// <summary>Memory of all GPUs together in GiB; null for none.</summary>
    public double? GpuMemoryGiB { get; init; }

    /// <summary><c>x86_64</c> or <c>arm64</c>.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>True for a spot price.</summary>
    public bool Spot { get; init; }

    /// <summary>USD an hour now: Linux, without disk and traffic.</summary>
    public required decimal UsdPerHour { get; init; }

    /// <summary>USD an hour on demand; null where the price list does not say.</summary>
    public decimal? OnDemandUsdPerHour { get; init; }

    /// <summary>How much less than on demand, in percent of the on-demand price; null for on-demand.</summary>
    public double? SavingPercent { get; init; }

    /// <summary>
    /// How much the spot price moved in the last 30 days: its standard deviation in percent of its mean, both weighted by the
    /// time that each price held. 0 is a price that stood still; null for on-demand, or where the history is not to be had.
    /// </summary>
    public double? VolatilityPercent { get; init; }

    /// <summary>
    /// EC2's spot placement score for the zone, 1 to 10: how likely one machine of any of the types in the result starts there now.
    /// Null where EC2 does not say. Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-placement-score.html
    /// </summary>
    public int? PlacementScore { get; init; }

    /// <summary>When AWS said the price.</summary>
    public required DateTimeOffset AsOf { get; init; }
}

/// <summary>What a search found.</summary>
/// <param name="Offers">The cheapest first.</param>
/// <param name="Problems">One for each region that could not be searched.</param>
public sealed record TypeSearchResult(IReadOnlyList<TypeOffer> Offers, IReadOnlyList<Fe2Exception> Problems);
