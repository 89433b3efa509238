namespace Fe2Ps.Core.Files;

/// <summary>A path as it is typed: one of this computer, or <c>name:path</c>, one of a machine.</summary>
/// <param name="Machine">The machine's name, wildcards allowed, or its id; null for this computer.</param>
/// <param name="Path">The path. One of a machine starts at the home folder unless it begins with a slash; an empty text is the home folder.</param>
public sealed record CopyPath(string? Machine, string Path)
{
    /// <summary>
    /// Reads a path. What has a slash or a backslash before its first colon, begins with a colon, or is a drive, is of this
    /// computer, so <c>./a:b</c> is a file here; <c>name::</c> is how PowerShell names its own providers.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="isDrive">Whether the text before the colon is a drive of this computer, such as <c>C</c> on Windows.</param>
    public static CopyPath Parse(string text, Func<string, bool>? isDrive = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.IndexOf(':');
        if (colon <= 0 || text.AsSpan(0, colon).IndexOfAny('/', '\\') >= 0 || (colon + 1 < text.Length && text[colon + 1] == ':'))
            return new CopyPath(null, text);
        var name = text[..colon];
        if ((isDrive ?? (OperatingSystem.IsWindows() ? IsLetter : _ => false))(name))
            return new CopyPath(null, text);
        var path = text[(colon + 1)..];
        return new CopyPath(name, path == "~" ? "" : path.StartsWith("~/", StringComparison.Ordinal) ? path[2..] : path);
    }

    /// <summary>Whether the machine's name can stand for several.</summary>
    public bool IsPattern => Machine is not null && HasWildcard(Machine);

    /// <inheritdoc/>
    public override string ToString() => Machine is null ? Path : $"{Machine}:{Path}";

    internal static bool HasWildcard(string text) => text.AsSpan().ContainsAny('*', '?', '[');

    private static bool IsLetter(string name) => name.Length == 1 && char.IsAsciiLetter(name[0]);
}
