namespace Fe2Ps.Core.Ssh;

/// <summary>
/// The one place that turns values into text for a POSIX shell. Inside single quotes the shell changes nothing,
/// so only the single quote itself needs care (POSIX.1-2017, XCU 2.2.2).
/// </summary>
public static class ShellQuote
{
    private const string Plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";

    /// <summary>One word for the shell, whatever is in it: spaces, quotes, newlines, any script of the world.</summary>
    /// <exception cref="Fe2Exception"><c>TextHasNul</c>: no command line can carry a NUL.</exception>
    public static string Quote(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Contains('\0'))
            throw SshErrors.TextHasNul(value);
        return value.Length > 0 && value.AsSpan().IndexOfAnyExcept(Plain) < 0
            ? value
            : "'" + value.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }

    /// <summary>Several words, quoted and joined by spaces.</summary>
    public static string Join(params IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>A path below the remote home folder: <c>"$HOME"/...</c>, with the rest quoted.</summary>
    public static string Home(string relativePath) => "\"$HOME\"/" + Quote(relativePath);
}
