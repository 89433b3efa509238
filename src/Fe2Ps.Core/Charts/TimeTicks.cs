using System.Globalization;

namespace Fe2Ps.Core.Charts;

/// <summary>Where a time axis is labelled, and how: at whole hours and days in UTC.</summary>
internal static class TimeTicks
{
    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromDays(1), TimeSpan.FromDays(2),
        TimeSpan.FromDays(5), TimeSpan.FromDays(7), TimeSpan.FromDays(14), TimeSpan.FromDays(30),
    ];

    /// <summary>Labelled instants, at most so many.</summary>
    public static IReadOnlyList<(DateTimeOffset Time, string Text)> Of(DateTimeOffset from, DateTimeOffset to, int most)
    {
        TimeSpan step = Steps.FirstOrDefault(s => (to - from) / s <= most, Steps[^1]);
        var ticks = new List<(DateTimeOffset, string)>();
        long first = (from.UtcTicks + step.Ticks - 1) / step.Ticks * step.Ticks;
        for (long at = first; at <= to.UtcTicks; at += step.Ticks)
        {
            var time = new DateTimeOffset(at, TimeSpan.Zero);
            ticks.Add((time, time.ToString(time.TimeOfDay == TimeSpan.Zero ? "MMM d" : "HH:mm", CultureInfo.InvariantCulture)));
        }

        return ticks;
    }
}
