namespace Fe2Ps.Views;

/// <summary>Ages of things.</summary>
internal static class Ages
{
    /// <summary>Two computers' clocks differ; nothing is younger than nothing.</summary>
    public static TimeSpan Since(DateTime moment) =>
        DateTime.UtcNow - moment.ToUniversalTime() is var age && age > TimeSpan.Zero ? age : TimeSpan.Zero;
}
