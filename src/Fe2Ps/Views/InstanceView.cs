using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;

namespace Fe2Ps.Views;

/// <summary>What the views and the script properties of <c>Fe2Ps.Instance</c> show. Nothing here asks the network.</summary>
public static class InstanceView
{
    /// <summary>The name, or null.</summary>
    public static string? Name(Instance instance) => InstanceFacts.NameOf(instance);

    /// <summary>The name, as far as the window has room for it beside the other columns.</summary>
    public static string? Name(Instance instance, int width) => Cell.Rest(Name(instance), width, Cell.IsNarrow(width) ? 70 : 100, 10);

    /// <summary>The state as text.</summary>
    public static string State(Instance instance) => InstanceFacts.StateOf(instance);

    /// <summary>The address to reach it at, or null.</summary>
    public static string? Ip(Instance instance) => InstanceFacts.IsEnding(instance) ? null : InstanceFacts.AddressOf(instance);

    /// <summary>The availability zone.</summary>
    public static string? Zone(Instance instance) => instance.Placement?.AvailabilityZone;

    /// <summary>The zone, shortened to what tells it apart within its region where the window is narrow.</summary>
    public static string? Zone(Instance instance, int width) => Cell.Zone(Zone(instance), width);

    /// <summary>True for a spot instance.</summary>
    public static bool IsSpot(Instance instance) => InstanceFacts.IsSpot(instance);

    /// <summary>The type, marked where it is spot.</summary>
    public static string TypeText(Instance instance) => $"{instance.InstanceType?.Value}{(IsSpot(instance) ? " spot" : "")}";

    /// <summary>The type, as far as a narrow window has room for it.</summary>
    public static string? TypeText(Instance instance, int width) => Cell.IsNarrow(width) ? Cell.Short(TypeText(instance), 14) : TypeText(instance);

    /// <summary>How long it has been running since its last start; null while it does not run.</summary>
    public static TimeSpan? Age(Instance instance) => State(instance) is "running" or "pending" && instance.LaunchTime is { } launched
        ? Positive(DateTime.UtcNow - launched.ToUniversalTime()) : null;

    /// <summary>An age in its two largest units: <c>3d 4h</c>, <c>12m 5s</c>.</summary>
    public static string AgeText(Instance instance) => Age(instance) is { } age ? Core.AgeText.Of(age) : "";

    /// <summary>USD an hour while it runs, where that is known; 0 for one that does not run.</summary>
    public static decimal? Price(Instance instance) => PriceBook.TryGetKnown(instance);

    /// <summary>The price in the shortest form that keeps three figures.</summary>
    public static string PriceText(Instance instance) => Price(instance) is { } price
        ? price == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"${price:0.####}") : "";

    /// <summary>The heading above instances of one region: a sandbox says so.</summary>
    public static string Place(string? region, string? endpointUrl) => string.IsNullOrEmpty(endpointUrl)
        ? region ?? ""
        : Uri.TryCreate(endpointUrl, UriKind.Absolute, out Uri? uri) && uri.IsLoopback
            ? $"{region} (SANDBOX at {endpointUrl}, costs nothing)"
            : $"{region}, at {endpointUrl}";

    // Two computers' clocks differ; nothing is younger than nothing.
    private static TimeSpan Positive(TimeSpan age) => age < TimeSpan.Zero ? TimeSpan.Zero : age;
}
