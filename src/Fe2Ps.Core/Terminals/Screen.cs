namespace Fe2Ps.Core.Terminals;

/// <summary>What a terminal shows at one moment.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Lines">Its lines from the top, without blanks at their ends and without blank lines at the bottom.</param>
public sealed record Screen(string Session, IReadOnlyList<string> Lines)
{
    /// <summary>Reads the name and, after a line feed, the lines.</summary>
    internal static Screen Read(string text)
    {
        string[] all = text.Split('\n');
        List<string> lines = [.. all.Skip(1).Select(l => l.TrimEnd())];
        while (lines.Count > 0 && lines[^1].Length == 0) lines.RemoveAt(lines.Count - 1);
        return new Screen(all[0], lines);
    }
}
