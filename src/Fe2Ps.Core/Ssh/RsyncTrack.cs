namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Finds the rsync of a transfer on the machine after its connection was cut: where the machine was not told, it goes on
/// waiting, and what it has received lies under a name that no later run looks for. Told to end, it puts it aside for the next.
/// </summary>
internal static class RsyncTrack
{
    private const string Folder = "\"$HOME\"/.cache/fe2ps";

    /// <summary>Runs rsync with the arguments of the script, its process id in a file for as long.</summary>
    public static string Run(string track) =>
        $"mkdir -p -- {Folder} && sh -c 'echo $$ > {File(track)}; exec rsync \"$@\"' rsync \"$@\"; s=$?; rm -f -- {File(track)}; exit $s";

    /// <summary>Ends what is left of a transfer that was cut, and waits until it has put its things in order (5 s at most).</summary>
    public static string End(string track) =>
        $"exec sh -c {ShellQuote.Quote(
            $"p=$(cat {File(track)} 2>/dev/null) || exit 0; rm -f -- {File(track)}; [ \"$(cat /proc/$p/comm 2>/dev/null)\" = rsync ] || exit 0; "
            + "kill $p; n=0; while kill -0 $p 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done")}";

    /// <param name="track">Letters, digits and dashes only: the name stands inside quotes.</param>
    private static string File(string track) => Folder + "/" + track;
}
