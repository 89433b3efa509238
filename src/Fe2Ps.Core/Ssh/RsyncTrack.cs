namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Finds the rsync of a transfer on the machine after its connection was cut: where the machine was not told, it goes on
/// waiting, and what it has received lies under a name that no later run looks for. Told to end, it puts it aside for the next.
/// </summary>
internal static class RsyncTrack
{
    private const string Folder = "\"$HOME\"/.cache/fe2ps";

    /// <summary>Runs rsync with the arguments of the script.</summary>
    /// <param name="track">The file that holds its process id for as long, or null.</param>
    /// <param name="folder">A folder to be made before, quoted, or null.</param>
    /// <param name="mark">A file that goes when rsync has succeeded, quoted, or null.</param>
    public static string Run(string? track, string? folder, string? mark)
    {
        string[] folders = [.. new[] { folder, track is null ? null : Folder }.OfType<string>()];
        var begin = "cd" + (folders.Length > 0 ? $" && mkdir -p -- {string.Join(' ', folders)}" : "") + " || exit; ";
        if (track is null && mark is null)
            return begin + "exec rsync \"$@\"";
        var run = track is null ? "rsync \"$@\"" : $"sh -c 'echo $$ > {File(track)}; exec rsync \"$@\"' rsync \"$@\"";
        var files = string.Join(' ', new[] { track is null ? null : File(track), mark }.OfType<string>());
        return $"{begin}{run}; s=$?; [ $s -ne 0 ] || exec rm -f -- {files}; {(track is null ? "" : $"rm -f -- {File(track)}; ")}exit $s";
    }

    /// <summary>Ends what is left of a transfer that was cut, and waits until it has put its things in order (5 s at most).</summary>
    public static string End(string track) =>
        $"exec sh -c {ShellQuote.Quote(
            $"p=$(cat {File(track)} 2>/dev/null) || exit 0; rm -f -- {File(track)}; [ \"$(cat /proc/$p/comm 2>/dev/null)\" = rsync ] || exit 0; "
            + "kill $p; n=0; while kill -0 $p 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done")}";

    /// <param name="track">Letters, digits and dashes only: the name stands inside quotes.</param>
    private static string File(string track) => Folder + "/" + track;
}
