using System.Text;

namespace Fe2Ps.Core.Terminals;

/// <summary>
/// Makes a stream of lines of a row of screens, each with some history above it. Two screens are laid over each other where
/// the end of the one is the beginning of the other; where they have nothing in common (the screen was cleared, or more was
/// written than history holds) the new one begins anew.
/// </summary>
/// <param name="history">How many lines above the first screen are wanted.</param>
internal sealed class ScreenReader(int history)
{
    /// <summary>How many lines above the screen are compared.</summary>
    public const int Overlap = 1000;

    private const byte Begin = 0x1e;
    private const byte End = 0x1d;

    private readonly List<byte> _bytes = [];
    private IReadOnlyList<string>? _last;
    private string? _pending;
    private bool _inside;

    /// <summary>Whether a screen has come.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Takes bytes; gives what each screen that they complete adds.</summary>
    public IReadOnlyList<(string Session, IReadOnlyList<string> Lines)> Add(ReadOnlySpan<byte> bytes)
    {
        var added = new List<(string, IReadOnlyList<string>)>();
        foreach (byte one in bytes)
        {
            if (one == Begin)
            {
                HasBegun = _inside = true;
                _bytes.Clear();
            }
            else if (one == End && _inside)
            {
                _inside = false;
                // The name, the screen's height, and the lines.
                string[] parts = Encoding.UTF8.GetString(_bytes.ToArray()).Split('\n', 3);
                if (parts.Length < 3 || !int.TryParse(parts[1], out int height)) continue;
                int above = Math.Max(0, parts[2].Count(c => c == '\n') - height - history);
                added.Add((parts[0], Take(Screen.Read(parts[0] + "\n" + parts[2]).Lines, above)));
            }
            else if (_inside)
            {
                _bytes.Add(one);
            }
        }

        return added;
    }

    /// <summary>The line at the cursor, which nothing followed.</summary>
    public IReadOnlyList<string> Finish() => _pending is null ? [] : [_pending];

    /// <summary>What a screen adds to those before it. Its last line waits: more may be written to it.</summary>
    /// <param name="lines">The screen.</param>
    /// <param name="above">How many of the lines of a first screen are more history than is wanted.</param>
    internal IReadOnlyList<string> Take(IReadOnlyList<string> lines, int above = 0)
    {
        IReadOnlyList<string> complete = lines.Count == 0 ? [] : [.. lines.Take(lines.Count - 1)];
        int known = _last is null ? Math.Min(above, complete.Count) : Common(_last, complete);
        _last = complete;
        _pending = lines.Count == 0 ? null : lines[^1];
        return [.. complete.Skip(known)];
    }

    /// <summary>How many lines at the beginning of the new screen were in the old one.</summary>
    private static int Common(IReadOnlyList<string> old, IReadOnlyList<string> now)
    {
        int best = 0;
        for (int from = 0; from < old.Count; from++)
        {
            int length = 0;
            while (from + length < old.Count && length < now.Count && old[from + length] == now[length]) length++;
            // The whole rest of the old screen, in its place: nothing can fit better.
            if (from + length == old.Count) return Math.Max(length, best);
            best = Math.Max(best, length);
        }

        return best;
    }
}
