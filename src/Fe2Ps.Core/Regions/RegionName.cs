namespace Fe2Ps.Core.Regions;

/// <summary>A region's code and the name that people know.</summary>
/// <param name="Code">For example <c>us-east-2</c>.</param>
/// <param name="LongName">For example <c>US East (Ohio)</c>.</param>
public sealed record RegionName(string Code, string LongName)
{
    /// <summary>What stands in brackets, <c>Ohio</c>, or the whole name.</summary>
    public string Place
    {
        get
        {
            int open = LongName.IndexOf('(', StringComparison.Ordinal);
            return open < 0 ? LongName : LongName[(open + 1)..].TrimEnd(')');
        }
    }
}

/// <summary>A region as this account sees it.</summary>
/// <param name="Code">For example <c>us-east-2</c>.</param>
/// <param name="LongName">For example <c>US East (Ohio)</c>.</param>
/// <param name="Endpoint">The host name of EC2 there, or null where the region is not asked for.</param>
/// <param name="OptInStatus"><c>opt-in-not-required</c>, <c>opted-in</c> or <c>not-opted-in</c>; null where nobody asked AWS.</param>
/// <param name="IsCurrent">True for the session's own region.</param>
public sealed record RegionInfo(string Code, string LongName, string? Endpoint, string? OptInStatus, bool IsCurrent)
{
    /// <summary>True where this account can launch.</summary>
    public bool IsEnabled => OptInStatus is "opt-in-not-required" or "opted-in";
}
