namespace Fe2Ps.Core;

/// <summary>A length of time as people say it.</summary>
public static class AgeText
{
    /// <summary>The two largest units: <c>3d 4h</c>, <c>12m 5s</c>. What is negative, since clocks differ, is nothing.</summary>
    public static string Of(TimeSpan age) => age switch
    {
        { Ticks: < 0 } => "0s",
        { TotalDays: >= 1 } => $"{(int)age.TotalDays}d {age.Hours}h",
        { TotalHours: >= 1 } => $"{age.Hours}h {age.Minutes}m",
        { TotalMinutes: >= 1 } => $"{age.Minutes}m {age.Seconds}s",
        _ => $"{age.Seconds}s",
    };
}
