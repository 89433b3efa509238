using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Terminals;

/// <summary>Keys as tmux calls them (tmux(1), KEY BINDINGS). What tmux does not know it would type as text.</summary>
public static partial class TmuxKey
{
    /// <summary>Keys worth offering.</summary>
    public static IReadOnlyList<string> Common { get; } =
    [
        "Enter", "C-c", "C-d", "C-z", "C-l", "Escape", "Tab", "BSpace", "Space", "Up", "Down", "Left", "Right",
        "Home", "End", "PageUp", "PageDown", "Delete", "q", "y", "n",
    ];

    /// <summary>Refuses what is no key.</summary>
    /// <exception cref="Fe2Exception"><c>KeyUnknown</c>.</exception>
    public static void Check(string key)
    {
        if (!Known().IsMatch(key))
        {
            throw new Fe2Exception(
                "KeyUnknown", Fe2ErrorKind.InvalidArgument, $"'{key}' is no key.",
                $"Keys are single characters, names such as {string.Join(", ", Common.Take(7))} and Up, and these after C- (Ctrl), M- (Alt) or S- (Shift). Text is typed as the command.", key);
        }
    }

    [GeneratedRegex(@"\A([CMS]-)*([!-~]|Enter|Escape|Tab|BTab|BSpace|Space|Up|Down|Left|Right|Home|End|PageUp|PgUp|PPage|PageDown|PgDn|NPage|IC|Insert|DC|Delete|F[1-9]|F1[0-2])\z", RegexOptions.IgnoreCase)]
    private static partial Regex Known();
}
