using System.Globalization;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Spot;

/// <summary>How often the memory of a script is kept.</summary>
public static class CheckpointEvery
{
    /// <summary>Where nobody says.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromMinutes(10);

    /// <summary>Reads what a user writes.</summary>
    /// <param name="text"><c>90s</c>, <c>10m</c>, <c>1h</c>, <c>1d</c>, <c>00:10:00</c>, or the number of minutes; null is every ten minutes.</param>
    /// <exception cref="Fe2Exception"><c>CheckpointEveryInvalid</c>: not of this form, under 10 seconds or over a day.</exception>
    public static TimeSpan Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Usual;
        var word = text.Trim();
        double? seconds = word[^1] switch
        {
            's' => Number(word[..^1]),
            'm' => Number(word[..^1]) * 60,
            'h' => Number(word[..^1]) * 3600,
            'd' => Number(word[..^1]) * 86400,
            _ when word.Contains(':', StringComparison.Ordinal) => TimeSpan.TryParse(word, CultureInfo.InvariantCulture, out var time) ? time.TotalSeconds : null,
            _ => Number(word) * 60,
        };
        return seconds is >= 10 and <= 86400 ? TimeSpan.FromSeconds(Math.Round(seconds.Value)) : throw JobErrors.CheckpointEveryInvalid(text);
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number) ? number : null;
}
