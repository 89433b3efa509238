using System.Globalization;
using Fe2Ps.Core;
using Fe2Ps.Core.Backups;

namespace Fe2Ps.Views;

/// <summary>What the views of <c>Fe2Ps.Backup</c> show.</summary>
public static class BackupView
{
    /// <summary><c>6 h</c>.</summary>
    public static string Every(Backup backup) => string.Create(CultureInfo.InvariantCulture, $"{backup.EveryHours} h");

    /// <summary>What it is of, in few words.</summary>
    public static string Of(Backup backup) => backup.Of.Count == 0 ? "nothing" : string.Join(", ", backup.Of);

    /// <summary>How long ago the newest snapshot was taken.</summary>
    public static string LastText(Backup backup) => backup.Last is { } last ? $"{AgeText.Of(Ages.Since(last.UtcDateTime))} ago" : "";

    /// <summary>In how long the next one is due.</summary>
    public static string NextText(Backup backup) => backup.Next is { } next ? $"in {AgeText.Of(next - DateTimeOffset.UtcNow)}" : "";
}
