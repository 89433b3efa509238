using System.Text;
using System.Text.RegularExpressions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Files;

/// <summary>Asks a machine what stands at its paths.</summary>
internal static class RemoteItems
{
    /// <summary>PATH_MAX of Linux.</summary>
    private const int LongestPath = 4096;

    /// <summary>For each argument that is there: <c>d</c> or <c>f</c>, <c>l</c> where a link leads to it, and the path.</summary>
    private const string Show =
        "[ -d \"$p\" ] && t=d || t=f; [ -e \"$p\" ] || [ -L \"$p\" ] || continue; [ -L \"$p\" ] && t=l$t; printf \"%s %s\\0\" \"$t\" \"$p\"; ";

    /// <summary>The items that a path stands for. A wildcard selects as it does in a shell: hidden files have to be asked for by their dot.</summary>
    /// <param name="session">The machine.</param>
    /// <param name="path">The path; a relative one starts at the home folder.</param>
    /// <param name="isLiteral">True where wildcards mean themselves.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <exception cref="Fe2Exception"><c>FileNotFound</c>, for a path without wildcards; <c>NameNotAsked</c>.</exception>
    public static async Task<IReadOnlyList<CopyItem>> FindAsync(
        ISshSession session, string path, bool isLiteral, CancellationToken cancellationToken)
    {
        var isPattern = !isLiteral && IsPattern(path);
        var plain = isLiteral ? path : Unescaped(path);
        var isHome = !isPattern && plain.TrimEnd('/') is "" or "." or "./.";
        // The first command on a connection proves it, also where there is nothing to ask.
        var words = isHome ? "" : isPattern ? Pattern(path.TrimEnd('/')) : ShellQuote.Quote(Start(plain.Length > 1 ? plain.TrimEnd('/') : plain));
        var result = await session.RunAsync(
            $"exec sh -c {ShellQuote.Quote($"cd || exit; for p in {words}; do {Show}done; exit 0")}", null, cancellationToken).ConfigureAwait(false);
        if (isHome)
            return [new CopyItem(plain.StartsWith('/') ? "/" : "", "", true, false)];
        var asked = isPattern ? Asked(path.TrimEnd('/')) : null;
        var items = new List<CopyItem>();
        foreach (var (kind, found) in Split(result.OutputText))
        {
            // The names decide which files of this computer are written: a machine must not choose them.
            if (found.Length > LongestPath || (asked is null ? Relative(found) != Relative(Start(plain.Length > 1 ? plain.TrimEnd('/') : plain)) : !asked.IsMatch(Relative(found))))
                throw CopyErrors.NotAsked(session.Target, path, found);
            items.Add(Item(kind, found));
        }

        return items.Count > 0 || isPattern ? items : throw CopyErrors.Missing($"{session.Target.Name}:{path}");
    }

    /// <summary>What stands at a destination; and, in the same command, the folder that the copy makes there, with its mark.</summary>
    /// <param name="session">The machine.</param>
    /// <param name="path">The destination.</param>
    /// <param name="mark">Tells an unfinished copy of one's own.</param>
    /// <param name="makesFolder">Whether the copy makes a folder of this path where nothing stands there.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <exception cref="Fe2Exception"><c>DiskFull</c>, <c>TransferFailed</c>.</exception>
    public static async Task<CopyTarget> TargetAsync(ISshSession session, string path, string mark, bool makesFolder, CancellationToken cancellationToken)
    {
        var quoted = path.Length == 0 ? "." : ShellQuote.Quote(Start(path));
        var none = makesFolder ? $"mkdir -p -- {quoted} && printf %s {mark} > {quoted}/{CopyMark.Name} && echo none; exit" : "echo none; exit";
        var result = await session.RunAsync(
            "exec sh -c " + ShellQuote.Quote(
                $"cd || exit; [ -d {quoted} ] || {{ [ -e {quoted} ] && echo file && exit; {none}; }}; "
                + $"[ \"$(cat {quoted}/{CopyMark.Name} 2>/dev/null)\" = {mark} ] && echo unfinished || echo folder"),
            null, cancellationToken).ConfigureAwait(false);
        return result.OutputText.Trim() switch
        {
            "none" => CopyTarget.None,
            "file" => CopyTarget.File,
            "unfinished" => CopyTarget.Unfinished,
            "folder" => CopyTarget.Folder,
            _ when result.ErrorText.Contains("No space left", StringComparison.Ordinal) =>
                throw SshErrors.DiskFull(session.Target, SshFailure.LastLine(result.ErrorText)),
            _ => throw SshErrors.TransferFailed(
                session.Target, makesFolder ? $"Making the folder '{path}'" : $"Looking at '{path}'", SshFailure.LastLine(result.ErrorText)),
        };
    }

    /// <summary>The names in a folder, folders with a slash behind; for the Tab key.</summary>
    /// <param name="session">The machine.</param>
    /// <param name="folder">The folder, empty for the home folder.</param>
    /// <param name="most">How many at most: nobody reads more.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public static async Task<IReadOnlyList<string>> NamesAsync(ISshSession session, string folder, int most, CancellationToken cancellationToken)
    {
        var result = await session.RunAsync(
            $"exec sh -c {ShellQuote.Quote($"cd || exit; cd -- {ShellQuote.Quote(Start(folder))} || exit 0; n=0; for p in * .[!.]*; do {Show}n=$((n+1)); [ $n -lt {most} ] || break; done; exit 0")}",
            null, cancellationToken).ConfigureAwait(false);
        return [.. Split(result.OutputText).Select(e => e.Path + (e.Kind.EndsWith('d') ? "/" : ""))];
    }

    /// <summary>Whether a path has a wildcard that is not taken back by PowerShell's backtick.</summary>
    internal static bool IsPattern(string path)
    {
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '`')
                i++;
            else if (path[i] is '*' or '?' or '[')
                return true;
        }

        return false;
    }

    /// <summary>A pattern as a word of the shell: everything but the wildcards is quoted.</summary>
    internal static string Pattern(string path)
    {
        var word = new StringBuilder();
        var plain = new StringBuilder(path.StartsWith('/') ? "" : "./");
        for (var i = 0; i < path.Length; i++)
        {
            var end = path[i] == '[' ? path.IndexOf(']', i + 1) : -1;
            if (path[i] == '`' && i + 1 < path.Length)
            {
                plain.Append(path[++i]);
            }
            else if (path[i] is '*' or '?' || end > i + 1)
            {
                Flush();
                word.Append(end > 0 ? Set(path[(i + 1)..end]) : path[i]);
                i = Math.Max(i, end);
            }
            else
            {
                plain.Append(path[i]);
            }
        }

        Flush();
        return word.ToString();

        void Flush()
        {
            if (plain.Length > 0)
                word.Append(ShellQuote.Quote(plain.ToString()));
            plain.Clear();
        }
    }

    /// <summary>A set of characters: each quoted for the shell, but for the dash of a range.</summary>
    private static string Set(string characters) =>
        "[" + string.Concat(characters.Select(c => c == '-' ? "-" : c == '^' ? "\\^" : char.IsAsciiLetterOrDigit(c) ? c.ToString() : ShellQuote.Quote(c.ToString()))) + "]";

    /// <summary>
    /// What a pattern may stand for. A character counts as up to two, and may be missing: this computer counts in UTF-16, and
    /// a shell there may count in bytes. Hidden names have to be asked for by their dot.
    /// </summary>
    internal static Regex Asked(string path)
    {
        var text = new StringBuilder(@"\A");
        var isStart = true;
        var plain = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        for (var i = 0; i < plain.Length; i++)
        {
            var end = plain[i] == '[' ? plain.IndexOf(']', i + 1) : -1;
            var isWild = plain[i] is '*' or '?' || end > i + 1;
            if (isWild && isStart)
                text.Append(@"(?!\.)");
            if (plain[i] == '`' && i + 1 < plain.Length)
                text.Append(Regex.Escape(plain[++i].ToString()));
            else if (isWild)
                text.Append(plain[i] == '*' ? "[^/]*" : "[^/]{0,2}");
            else
                text.Append(plain[i] != '/' ? Regex.Escape(plain[i].ToString()) : i > 0 && plain[i - 1] == '/' ? "" : "/+");
            isStart = plain[i] == '/';
            i = Math.Max(i, end > i + 1 ? end : i);
        }

        return new Regex(text.Append(@"\z").ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    private static string Unescaped(string path)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
            plain.Append(path[i] == '`' && i + 1 < path.Length ? path[++i] : path[i]);
        return plain.ToString();
    }

    private static string Start(string path) => path.StartsWith('/') ? path : "./" + path;

    private static string Relative(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;

    private static CopyItem Item(string kind, string path)
    {
        var relative = Relative(path);
        var slash = relative.LastIndexOf('/');
        var folder = slash < 0 ? "" : slash == 0 ? "/" : relative[..slash];
        var name = relative[(slash + 1)..];
        // "..", and what is named by it, has no name of its own: what is in it is meant.
        return name is "" or "." or ".."
            ? new CopyItem(relative, "", true, false)
            : new CopyItem(folder, name, kind.EndsWith('d'), kind.StartsWith('l'));
    }

    private static IEnumerable<(string Kind, string Path)> Split(string output) =>
        output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(e => (e[..e.IndexOf(' ', StringComparison.Ordinal)], e[(e.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
}
