using System.Globalization;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// The machines of a job as a shell reads and writes them: one line each, nine words, <c>-</c> for what is not known: number, instance,
/// type, zone, <c>spot</c> or <c>on-demand</c>, USD an hour, when the script was started there, when it ended there, why.
/// </summary>
internal static class AttemptLines
{
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss.FFF'Z'";

    /// <summary>The lines.</summary>
    public static string Write(IEnumerable<JobAttempt> attempts) => string.Concat(attempts.Select(a => string.Create(
        CultureInfo.InvariantCulture,
        $"{a.Number} {a.InstanceId} {a.InstanceType} {a.Zone} {(a.IsSpot ? "spot" : "on-demand")} {Word(a.Price?.ToString(CultureInfo.InvariantCulture))} {Word(a.Started)} {Word(a.Ended)} {Word(a.End)}\n")));

    /// <summary>The facts with the machines as these lines have them. Lines that are none are passed over; without any, the facts stay.</summary>
    public static RecoveryFacts Merge(RecoveryFacts facts, string? lines)
    {
        List<JobAttempt> attempts = [];
        foreach (var line in (lines ?? "").Split('\n'))
        {
            if (line.Split(' ') is not [var number, var id, var type, var zone, var market, var price, var started, var ended, var end]
                || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
            {
                continue;
            }

            var known = facts.Attempts.FirstOrDefault(a => a.Number == n && a.InstanceId == id) ?? new JobAttempt(n, id, type, zone, market == "spot", null);
            attempts.Add(known with
            {
                Price = decimal.TryParse(price, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd) ? usd : known.Price,
                Started = Moment(started),
                Ended = Moment(ended),
                End = end == "-" ? null : end,
            });
        }

        return attempts.Count == 0 ? facts : facts with { Attempts = attempts };
    }

    /// <summary>A time as one word.</summary>
    public static string Word(DateTimeOffset? time) => Word(Text(time));

    private static string Word(string? text) => string.IsNullOrEmpty(text) ? "-" : text;

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture);

    private static DateTimeOffset? Moment(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
