using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Terminals;

/// <summary>
/// The tmux sessions of one machine: what is on their screens, and typing into them. A session is meant by its whole name:
/// tmux itself would take <c>od</c> for <c>od1</c> too (tmux(1), COMMANDS, "=" before a target).
/// </summary>
public sealed class TmuxTerminal(ISshSession ssh)
{
    private const int NoTmux = 65;
    private const int NoSession = 66;
    private const int SeveralSessions = 67;
    private const string UsualName = "main";

    /// <summary>
    /// Finds the session: the named one, else the only one, else the one of the job that started last. Sets name. Where there
    /// is none, prints the sessions and ends with the code that says why. $1 is the name, $2 whether to make it.
    /// </summary>
    private const string Find = """
        command -v tmux >/dev/null || exit 65
        t() { tmux -u "$@"; }
        name=$1
        all=$(t list-sessions -F '#{session_name}' 2>/dev/null)
        if [ -z "$name" ]; then
            job=$(tr ':.' '__' < "$HOME/fastec2/current" 2>/dev/null)
            if [ "$(printf '%s\n' "$all" | wc -l)" -eq 1 ]; then name=$all
            elif [ -n "$job" ] && t has-session -t "=$job" 2>/dev/null; then name=$job
            else printf '%s\n' "$all"; exit 67
            fi
        fi
        if [ -z "$name" ] || ! t has-session -t "=$name" 2>/dev/null; then
            if [ "$2" = 1 ]; then
                name=${name:-main}
                t new-session -d -s "$name" -x 200 -y 50 || exit 1
            else
                printf '%s\n' "$all"
                exit 66
            fi
        fi
        pane="=$name:"
        shift 2

        """;

    private const string Type = """
        [ "$(t display-message -p -t "$pane" '#{pane_in_mode}')" = 0 ] || t send-keys -t "$pane" -X cancel
        if [ "$1" = 1 ]; then
            buffer=fe2-$$
            t load-buffer -b "$buffer" - && t paste-buffer -d -b "$buffer" -t "$pane" || exit 1
        fi
        shift
        [ $# -eq 0 ] || t send-keys -t "$pane" -- "$@" || exit 1
        printf '%s\n' "$name"
        """;

    private const string Show = """
        printf '%s\n' "$name"
        t capture-pane -p -J -t "$pane" -S "$1"
        """;

    /// <summary>
    /// The screen each time it has changed, after a record separator, the name and the height. A byte at every turn, changed or not: when
    /// the connection is cut, it is what ends the loop there.
    /// </summary>
    private const string Watch = """
        last=
        while t has-session -t "=$name" 2>/dev/null; do
            now=$(t capture-pane -p -J -t "$pane" -S "$1"; echo .) || break
            if [ "$now" != "$last" ]; then
                printf '\036%s\n%s\n%s\035' "$name" "$(t display-message -p -t "$pane" '#{pane_height}')" "${now%.}" || exit 0
                last=$now
            else
                printf '\026' || exit 0
            fi
            sleep 0.3
        done
        """;

    /// <summary>The sessions' names.</summary>
    /// <exception cref="Fe2Exception">The ssh room's own.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken = default)
    {
        SshResult result = await ssh.RunAsync("tmux -u list-sessions -F '#{session_name}' 2>/dev/null", null, cancellationToken).ConfigureAwait(false);
        return Lines(result.OutputText);
    }

    /// <summary>Types into a session; what runs there reads it as from a keyboard.</summary>
    /// <param name="session">The session's whole name, or null for the only one, else the latest job's.</param>
    /// <param name="text">Text, any script and length; a line feed in it is the Enter key. Null for none.</param>
    /// <param name="keys">Keys after the text, as tmux calls them: <c>Enter</c>, <c>C-c</c>, <c>Up</c>.</param>
    /// <param name="create">Whether a session that does not exist is made.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The session's name.</returns>
    /// <exception cref="Fe2Exception"><c>TerminalNotFound</c>, <c>TerminalAmbiguous</c>, <c>TmuxMissing</c>, <c>KeyUnknown</c>, the ssh room's own.</exception>
    public async Task<string> TypeAsync(
        string? session, string? text, IReadOnlyList<string> keys, bool create = false, CancellationToken cancellationToken = default)
    {
        foreach (string key in keys) TmuxKey.Check(key);
        // Pasted, not given as an argument: no limit to its length, and no meaning of ; and the like.
        using Stream? input = text is null ? null : new MemoryStream(Encoding.UTF8.GetBytes(text));
        SshResult result = await ssh.RunAsync(
            Script(Type, session, create, [text is { Length: > 0 } ? "1" : "0", .. keys]), input, cancellationToken).ConfigureAwait(false);
        Check(result, session);
        return Lines(result.OutputText).LastOrDefault() ?? session ?? UsualName;
    }

    /// <summary>What a session shows: a line an element, lines that only the screen's width broke joined, blank ends trimmed.</summary>
    /// <param name="session">The session's whole name, or null for the only one, else the latest job's.</param>
    /// <param name="history">How many lines above the screen, 0 or more.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="Fe2Exception"><c>TerminalNotFound</c>, <c>TerminalAmbiguous</c>, <c>TmuxMissing</c>, the ssh room's own.</exception>
    public async Task<Screen> ShowAsync(string? session, int history = 0, CancellationToken cancellationToken = default)
    {
        SshResult result = await ssh.RunAsync(Script(Show, session, false, [Start(history)]), null, cancellationToken).ConfigureAwait(false);
        Check(result, session);
        return Screen.Read(result.OutputText);
    }

    /// <summary>
    /// Hands over the lines of a session as they come, until the session ends: first what it shows, then what is added. The
    /// line at the cursor comes when it is complete, and at the end.
    /// </summary>
    /// <param name="session">The session's whole name, or null for the only one, else the latest job's.</param>
    /// <param name="history">How many lines above the screen to begin with, 0 or more.</param>
    /// <param name="take">Gets the session's name and lines; waited for.</param>
    /// <param name="cancellationToken">Ends the following, here and on the machine.</param>
    /// <exception cref="Fe2Exception">As <see cref="ShowAsync"/>.</exception>
    public async Task FollowAsync(string? session, int history, Func<string, IReadOnlyList<string>, Task> take, CancellationToken cancellationToken = default)
    {
        var reader = new ScreenReader(history);
        var plain = new MemoryStream();
        string name = session ?? "";
        int code = await ssh.StreamAsync(
            Script(Watch, session, false, [Start(Math.Max(history, ScreenReader.Overlap))]),
            piece =>
            {
                if (piece.IsError) return;
                if (!reader.HasBegun) plain.Write(piece.Bytes.Span);
                foreach ((string its, IReadOnlyList<string> lines) in reader.Add(piece.Bytes.Span))
                {
                    name = its;
                    if (lines.Count > 0) take(its, lines).GetAwaiter().GetResult();
                }
            },
            null, cancellationToken).ConfigureAwait(false);
        Check(new SshResult(code, plain.ToArray(), []), session);
        if (reader.Finish() is { Count: > 0 } last) await take(name, last).ConfigureAwait(false);
    }

    /// <summary>tmux gives ':' and '.' a meaning of their own and puts '_' in their place when a session is made.</summary>
    private static string NameOf(string? session) => (session ?? "").Replace(':', '_').Replace('.', '_');

    private static string Start(int history) => history == 0 ? "0" : $"-{history}";

    private static string Script(string script, string? session, bool create, IEnumerable<string> arguments) =>
        "exec sh -c " + ShellQuote.Join([Find + script, "fe2", NameOf(session), create ? "1" : "0", .. arguments]);

    private static IReadOnlyList<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Check(SshResult result, string? session)
    {
        if (result.ExitCode == 0)
            return;
        string machine = ssh.Target.Name;
        string sessions = string.Join(", ", Lines(result.OutputText).Select(n => $"'{n}'"));
        string there = sessions.Length == 0 ? $"{machine} has no tmux session at all." : $"The sessions of {machine} are {sessions}.";
        throw result.ExitCode switch
        {
            NoTmux => new Fe2Exception("TmuxMissing", Fe2ErrorKind.NotInstalled, $"{machine} has no tmux.", "Install it there: sudo apt-get install -y tmux", ssh.Target.InstanceId),
            NoSession => new Fe2Exception(
                "TerminalNotFound", Fe2ErrorKind.NotFound, session is null ? there : $"There is no tmux session '{session}' on {machine}. {there}",
                $"Send-Fe2Command {machine} -Create makes one.", session ?? machine),
            SeveralSessions => new Fe2Exception("TerminalAmbiguous", Fe2ErrorKind.Ambiguous, there, "Say which with -Session.", machine),
            _ => new Fe2Exception(
                "TerminalFailed", Fe2ErrorKind.OperationFailed, $"tmux on {machine} ended with {result.ExitCode}: {result.ErrorText.Trim()}",
                "Look at the session: Enter-Fe2Instance, then tmux attach.", ssh.Target.InstanceId),
        };
    }
}
