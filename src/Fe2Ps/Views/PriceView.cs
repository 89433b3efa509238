using System.Globalization;
using Fe2Ps.Core;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.TypeSearching;

namespace Fe2Ps.Views;

/// <summary>What the views of prices show.</summary>
public static class PriceView
{
    /// <summary>How old a price is, as text: a length of time would fill a page of JSON. <c>AsOf</c> is there to calculate with.</summary>
    public static string AgeOf(DateTimeOffset asOf) => AgeText.Of(DateTimeOffset.UtcNow - asOf);

    /// <summary>The heading above prices of one region, system and age, which has no room for the address of a sandbox.</summary>
    public static string Heading(OnDemandPrice price, string? endpointUrl) =>
        $"{InstanceView.Place(price.Region, endpointUrl).Replace($"SANDBOX at {endpointUrl}", "SANDBOX", StringComparison.Ordinal)}, {price.OperatingSystem} on demand, prices {AgeOf(price.AsOf)} old";

    /// <summary>GPUs in short: <c>4 x NVIDIA T4, 64 GiB</c>.</summary>
    public static string Gpu(int count, string? name, double? memoryGiB) => count == 0 ? "" : string.Join(", ", new[]
    {
        count == 1 ? name ?? "1" : name is null ? Text(count) : $"{Text(count)} x {name}",
        memoryGiB is > 0 ? $"{Text(memoryGiB.Value)} GiB" : null,
    }.OfType<string>());

    /// <summary>GPUs in a narrow window: without their maker.</summary>
    public static string? Gpu(int count, string? name, double? memoryGiB, int width) =>
        Cell.IsNarrow(width) ? Cell.Short(Gpu(count, name?[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..], memoryGiB), 14) : Gpu(count, name, memoryGiB);

    /// <summary>The heading above offers of any regions: the kind of price, and the sandbox where it is one.</summary>
    public static string Offers(TypeOffer offer, string? endpointUrl) =>
        (offer.Spot ? "spot" : "on demand") + (string.IsNullOrEmpty(endpointUrl) ? "" : $", {Cell.Source(endpointUrl)}");

    /// <summary>USD an hour with the figures that matter.</summary>
    public static string Hour(decimal? usd) => usd is null ? "" : string.Create(CultureInfo.InvariantCulture, $"${usd:0.0000##}");

    /// <summary>USD a month.</summary>
    public static string Month(decimal usd) => string.Create(CultureInfo.InvariantCulture, $"${usd:0.00}");

    /// <summary>A share, or nothing.</summary>
    public static string Percent(double? percent) => percent is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{percent:0.#}%");

    /// <summary>The zone of a spot price; for on-demand the letters of the zones that offer it.</summary>
    public static string Zone(TypeOffer offer) => offer.Zone
        ?? (offer.Zones.Count == 0 ? "" : offer.Region + string.Concat(offer.Zones.Where(z => z.StartsWith(offer.Region, StringComparison.Ordinal)).Select(z => z[offer.Region.Length..])));

    /// <summary>Memory with its unit.</summary>
    public static string Memory(double gibibytes) => $"{Text(gibibytes)} GiB";

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
