using System.Globalization;
using System.Text.RegularExpressions;
using Amazon.DLM;
using Amazon.DLM.Model;

namespace Fe2Ps.Core.Backups;

/// <summary>When snapshots are taken, and how many are kept.</summary>
/// <param name="Hours">Hours between two: one of <see cref="Intervals"/>.</param>
/// <param name="At">The time of day, UTC, from which the intervals count: <c>03:30</c>.</param>
/// <param name="Keep">How many of each volume are kept, 1 to 1000.</param>
public sealed partial record BackupSchedule(int Hours, string At, int Keep)
{
    private const string TimeForm = "HH:mm";

    /// <summary>The intervals that there are, in hours. Source: "CreateRule" in the API reference of the Data Lifecycle Manager.</summary>
    public static IReadOnlyList<int> Intervals { get; } = [1, 2, 3, 4, 6, 8, 12, 24];

    /// <summary>Reads what a person writes.</summary>
    /// <param name="every"><c>6h</c>, <c>6 hours</c>, <c>1d</c>, <c>06:00:00</c>, or the number of hours.</param>
    /// <param name="at">The time of day, UTC, <c>03:30</c>; null for midnight.</param>
    /// <param name="keep">How many are kept.</param>
    /// <exception cref="Fe2Exception"><c>EveryInvalid</c>, <c>AtInvalid</c>, <c>KeepInvalid</c>.</exception>
    public static BackupSchedule Parse(string every, string? at, int keep)
    {
        if (HoursOf(every) is not { } hours || !Intervals.Contains(hours))
        {
            throw new Fe2Exception(
                "EveryInvalid", Fe2ErrorKind.InvalidArgument, $"-Every {every}: the Data Lifecycle Manager takes snapshots every 1, 2, 3, 4, 6, 8, 12 or 24 hours.",
                "For example -Every 6h, or -Every 1d.", every);
        }

        var time = TimeOnly.MinValue;
        if (at is not null && !TimeOnly.TryParseExact(at.Trim(), [TimeForm, "H:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out time))
            throw new Fe2Exception("AtInvalid", Fe2ErrorKind.InvalidArgument, $"-At {at}: this is no time of day.", "Give hours and minutes in UTC: -At 03:30.", at);
        if (keep is < 1 or > 1000)
            throw new Fe2Exception("KeepInvalid", Fe2ErrorKind.InvalidArgument, $"-Keep {keep}: 1 to 1000 snapshots of each volume can be kept.", "For example -Keep 7.", keep);
        return new BackupSchedule(hours, time.ToString(TimeForm, CultureInfo.InvariantCulture), keep);
    }

    /// <summary>The first time after a moment.</summary>
    public DateTimeOffset NextAfter(DateTimeOffset moment)
    {
        var next = new DateTimeOffset(moment.UtcDateTime.Date, TimeSpan.Zero) - TimeSpan.FromDays(1) + TimeOnly.ParseExact(At, TimeForm, CultureInfo.InvariantCulture).ToTimeSpan();
        while (next <= moment)
            next += TimeSpan.FromHours(Hours);
        return next;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"every {Hours} h from {At} UTC, {Keep} kept");

    /// <summary>The schedule in the service's form.</summary>
    internal Schedule ToPolicy(string name) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"every {Hours} hours"),
        CopyTags = true,
        TagsToAdd = [new Tag { Key = BackupTags.Snapshot, Value = name }],
        CreateRule = new CreateRule
        {
            Interval = Hours,
            IntervalUnit = IntervalUnitValues.HOURS,
            Times = [At],
        },
        RetainRule = new RetainRule { Count = Keep },
    };

    /// <summary>A policy's schedule, or null for one of another form, which this module has not made.</summary>
    internal static BackupSchedule? Of(PolicyDetails? details) =>
        details?.Schedules is [{ CreateRule: { Interval: { } hours } rule, RetainRule.Count: { } keep }]
            ? new BackupSchedule(hours, rule.Times is [var at, ..] ? at : "09:00", keep) : null;

    private static int? HoursOf(string text)
    {
        if (Interval().Match(text) is { Success: true } match)
        {
            var number = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            return match.Groups[2].Value.StartsWith('d') || match.Groups[2].Value.StartsWith('D') ? number * 24 : number;
        }

        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span == TimeSpan.FromHours((int)span.TotalHours)
            ? (int)span.TotalHours : null;
    }

    [GeneratedRegex(@"^\s*(\d{1,3})\s*(|h|hours?|d|days?)\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Interval();
}
