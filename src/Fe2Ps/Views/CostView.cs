using System.Globalization;
using Fe2Ps.Core.Costs;

namespace Fe2Ps.Views;

/// <summary>What the views of costs show.</summary>
public static class CostView
{
    /// <summary>USD in the shortest form that keeps small prices apart; nothing where it is not known.</summary>
    public static string Money(decimal? usd) => usd switch
    {
        null => "",
        >= 100 => string.Create(CultureInfo.InvariantCulture, $"${usd:0.00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"${usd:0.00##}"),
    };

    /// <summary>How long it has cost, in its two largest units.</summary>
    public static string AgeText(CostItem item) => item.Since is { } since ? Core.AgeText.Of(DateTimeOffset.UtcNow - since) : "";

    /// <summary>What should be known of it in a few words.</summary>
    public static string Note(CostItem item) => (item.IsIdle, item.Estimate) switch
    {
        (true, _) => "idle",
        (_, null) => "",
        _ => "estimate",
    };
}
