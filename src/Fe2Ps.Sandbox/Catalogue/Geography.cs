using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Catalogue;

internal sealed record ZoneFacts(string Name, string Id);

/// <summary>A region.</summary>
/// <param name="Name">For example us-east-2.</param>
/// <param name="Location">The name of it that price lists use.</param>
/// <param name="UsagePrefix">What a usage type begins with there.</param>
/// <param name="PriceFactor">On-demand prices relative to us-east-1.</param>
internal sealed record RegionFacts(string Name, string Location, string UsagePrefix, double PriceFactor, IReadOnlyList<ZoneFacts> Zones);

/// <summary>The regions that the sandbox has.</summary>
internal static class Geography
{
    public static IReadOnlyList<RegionFacts> Regions { get; } =
    [
        Make("us-east-1", "US East (N. Virginia)", "", 1.0, "use1"),
        Make("us-east-2", "US East (Ohio)", "USE2-", 1.0, "use2"),
        Make("us-west-1", "US West (N. California)", "USW1-", 1.17, "usw1"),
        Make("us-west-2", "US West (Oregon)", "USW2-", 1.0, "usw2"),
        Make("eu-west-1", "EU (Ireland)", "EU-", 1.11, "euw1"),
        Make("eu-central-1", "EU (Frankfurt)", "EUC1-", 1.19, "euc1"),
        Make("ap-northeast-1", "Asia Pacific (Tokyo)", "APN1-", 1.29, "apne1"),
        Make("ap-northeast-2", "Asia Pacific (Seoul)", "APN2-", 1.23, "apne2"),
    ];

    /// <summary>The facts of a region; the error that a client sees for one that does not exist.</summary>
    public static RegionFacts Find(string name)
        => Regions.FirstOrDefault(region => region.Name == name)
            ?? throw new ApiException("AuthFailure", $"The sandbox has no region '{name}'. It has: {string.Join(", ", Regions.Select(region => region.Name))}.", 401);

    private static RegionFacts Make(string name, string location, string usagePrefix, double factor, string zoneId)
        => new(name, location, usagePrefix, factor, [new(name + "a", zoneId + "-az1"), new(name + "b", zoneId + "-az2"), new(name + "c", zoneId + "-az3")]);
}
