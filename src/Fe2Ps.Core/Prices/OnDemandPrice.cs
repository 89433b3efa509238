namespace Fe2Ps.Core.Prices;

/// <summary>What an instance type costs on demand in a region, without disk and traffic, and what it is.</summary>
public sealed record OnDemandPrice
{
    /// <summary>Hours in the month that AWS's own calculator uses. Source: https://docs.aws.amazon.com/pricing-calculator/latest/userguide/</summary>
    public const int HoursPerMonth = 730;

    /// <summary>The type, for example <c>m5.large</c>.</summary>
    public required string InstanceType { get; init; }

    /// <summary>The region's code.</summary>
    public required string Region { get; init; }

    /// <summary>The operating system that the price includes the licence of.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>Virtual processors.</summary>
    public int VCpu { get; init; }

    /// <summary>Memory in GiB.</summary>
    public double MemoryGiB { get; init; }

    /// <summary>GPUs; 0 for none.</summary>
    public int GpuCount { get; init; }

    /// <summary>What the GPUs are, for example <c>NVIDIA T4</c>; null for none, or where nobody could say.</summary>
    public string? GpuName { get; init; }

    /// <summary>Memory of all GPUs together in GiB; null for none, or where nobody could say.</summary>
    public double? GpuMemoryGiB { get; init; }

    /// <summary>The network as AWS words it, for example <c>Up to 10 Gigabit</c>.</summary>
    public string Network { get; init; } = "";

    /// <summary>USD for each hour that it runs.</summary>
    public required decimal UsdPerHour { get; init; }

    /// <summary>USD for a month of 730 hours.</summary>
    public decimal UsdPerMonth => decimal.Round(UsdPerHour * HoursPerMonth, 2);

    /// <summary>When AWS said so.</summary>
    public required DateTimeOffset AsOf { get; init; }
}

/// <summary>Which on-demand prices.</summary>
public sealed record PriceRequest
{
    /// <summary>
    /// Families, types and wildcards. A word without a dot is a whole family: <c>m5</c> is m5 alone, <c>m5*</c> is also m5a and m5n;
    /// <c>m5.large</c> is one type, <c>*.large</c> that size of all. None stand for everything.
    /// </summary>
    public IReadOnlyList<string> Patterns { get; init; } = [];

    /// <summary>The operating system, in the price list's words: one of <see cref="PriceList.OperatingSystems"/>.</summary>
    public string OperatingSystem { get; init; } = "Linux";

    /// <summary>Asks AWS whatever is kept.</summary>
    public bool Refresh { get; init; }
}

/// <summary>Prices that were found, and what could not be.</summary>
/// <param name="Prices">By family, then by price.</param>
/// <param name="Problems">One for each pattern that stands for nothing.</param>
public sealed record PriceSelection(IReadOnlyList<OnDemandPrice> Prices, IReadOnlyList<Fe2Exception> Problems);
