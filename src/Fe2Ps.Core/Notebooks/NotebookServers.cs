using System.Text.RegularExpressions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Notebooks;

/// <summary>Finds the Jupyter of a machine, or starts one.</summary>
public static partial class NotebookServers
{
    /// <summary>The tmux session in which Jupyter runs, so that it stays when everybody logs out; a second one gets <c>-2</c> behind.</summary>
    public const string SessionName = "fe2-notebook";

    private const string Folder = "d=${JUPYTER_RUNTIME_DIR:-${JUPYTER_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/jupyter}/runtime}; ";

    /// <summary>
    /// Jupyter keeps a file for each server that runs, readable by its user alone: port, token, folder. Its name ends with the
    /// process id. One of a server that was killed stays, and after a reboot its number may be another program's.
    /// </summary>
    private const string List =
        Folder + "for f in \"$d\"/jpserver-*.json \"$d\"/nbserver-*.json; do p=${f##*-}; p=${p%.json}; "
        + "case $(tr '\\0' ' ' < \"/proc/$p/cmdline\" 2>/dev/null) in *jupyter*) cat \"$f\" && printf '\\0';; esac; done 2>/dev/null; exit 0";

    /// <summary>The places where people install it, apart from the system's own.</summary>
    private const string Places =
        "PATH=\"$PWD/.venv/bin:$PWD/venv/bin:$HOME/.venv/bin:$HOME/venv/bin:$HOME/.local/bin:$PATH:$HOME/miniconda3/bin:$HOME/anaconda3/bin:/opt/conda/bin\"; export PATH; ";

    /// <summary>
    /// What runs in the tmux session. The token is made there and goes to Jupyter by its environment, which the user alone can
    /// read: so it stands in no argument, and Jupyter, which prints a token that it has made itself, does not print this one. The
    /// classic notebook also writes a page with it that is readable by all but for its folder.
    /// </summary>
    private const string Serve =
        "PATH=$2; export PATH; " + Folder + "mkdir -p \"$d\" && chmod 700 \"$d\"; "
        + "JUPYTER_TOKEN=$(od -An -v -N24 -tx1 /dev/urandom | tr -d ' \\n'); export JUPYTER_TOKEN; "
        + "j=$1; shift 2; [ \"$(id -u)\" = 0 ] && set -- --allow-root; exec \"$j\" --no-browser --ip=127.0.0.1 --port=8888 \"$@\"";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);

    /// <summary>The server that runs in a folder (in any, without one), or a new one that listens on the loopback address alone.</summary>
    /// <param name="ssh">The machine.</param>
    /// <param name="folder">A folder there; a relative one starts at the home folder, which is also what null means for a new server.</param>
    /// <param name="clock">The time.</param>
    /// <param name="report">Takes the progress.</param>
    /// <param name="cancellationToken">Ends the waiting; a server that was started stays.</param>
    /// <exception cref="Fe2Exception"><c>JupyterMissing</c>, <c>JupyterFailed</c>, <c>FileNotFound</c>, or a failure of ssh.</exception>
    public static async Task<NotebookServer> EnsureAsync(
        ISshSession ssh, string? folder, TimeProvider clock, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ssh);
        ArgumentNullException.ThrowIfNull(clock);
        string? full = folder is null ? null : await FullAsync(ssh, folder, cancellationToken).ConfigureAwait(false);
        if (await FindAsync(ssh, full, cancellationToken).ConfigureAwait(false) is { } running) return running;
        string name = await StartAsync(ssh, full, cancellationToken).ConfigureAwait(false);
        long start = clock.GetTimestamp();
        while (clock.GetElapsedTime(start) < Patience)
        {
            report?.Report(new ProgressReport($"Starting Jupyter on {ssh.Target.Name}", $"{clock.GetElapsedTime(start).TotalSeconds:0} s so far"));
            if (await FindAsync(ssh, full, cancellationToken).ConfigureAwait(false) is { } started) return started;
            await EnsureAliveAsync(ssh, name, cancellationToken).ConfigureAwait(false);
            await Task.Delay(Pace, clock, cancellationToken).ConfigureAwait(false);
        }

        throw new Fe2Exception(
            "JupyterFailed", Fe2ErrorKind.Timeout, $"Jupyter did not come up on {ssh.Target.Name} within {Patience.TotalSeconds:0} s.",
            $"See what it says: Receive-Fe2Command {ssh.Target.Name} -Session {name}", ssh.Target.InstanceId);
    }

    private static async Task<NotebookServer?> FindAsync(ISshSession ssh, string? folder, CancellationToken cancellationToken)
    {
        SshResult listed = await RunAsync(ssh, List, cancellationToken).ConfigureAwait(false);
        return listed.OutputText.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(NotebookServer.Read)
            .FirstOrDefault(server => server is not null && (folder is null || server.Folder == folder));
    }

    /// <summary>Starts one and returns the name of its tmux session.</summary>
    private static async Task<string> StartAsync(ISshSession ssh, string? folder, CancellationToken cancellationToken)
    {
        // A session whose program has ended is kept until here, so that what it said last can be read.
        string script =
            $"cd -- {(folder is null ? "\"$HOME\"" : ShellQuote.Quote(folder))} || exit; {Places}"
            + "command -v tmux >/dev/null || { echo tmux >&2; exit 3; }; "
            + "for j in jupyter-lab jupyter-notebook jupyter-server; do f=$(command -v $j) && break; done; "
            + "[ -n \"$f\" ] || { echo Jupyter >&2; exit 3; }; "
            // Two that begin at once want the same name, and tmux gives it to one of them: the other joins what has just begun.
            + $"here=$(pwd -P); n={SessionName}; i=1; tries=0; while [ $tries -lt 100 ]; do tries=$((tries+1)); "
            + "now=$(tmux list-panes -s -t \"=$n\" -F '#{pane_dead} #{@fe2_folder}' 2>/dev/null) || now=; "
            + "case $now in '0 '\"$here\") echo \"$n\"; exit 0;; '0 '*) i=$((i+1)); n=" + SessionName + "-$i; continue;; '1 '*) tmux kill-session -t \"=$n\" 2>/dev/null; continue;; esac; "
            + "tmux new-session -d -x 250 -y 50 -s \"$n\" sh -c " + ShellQuote.Quote(Serve)
            + " sh \"$f\" \"$PATH\" \\; set-option remain-on-exit on \\; set-option @fe2_folder \"$here\" >/dev/null 2>\"${e:=$(mktemp)}\" && { rm -f \"$e\"; echo \"$n\"; exit 0; }; "
            + "tmux has-session -t \"=$n\" 2>/dev/null || break; done; cat \"$e\" >&2; rm -f \"$e\"; exit 1";
        SshResult started = await RunAsync(ssh, script, cancellationToken).ConfigureAwait(false);
        string cause = started.ErrorText.Trim();
        return started.ExitCode switch
        {
            0 => started.OutputText.Trim(),
            3 => throw Missing(ssh.Target, cause),
            _ => throw Failed(ssh.Target, cause),
        };
    }

    private static async Task EnsureAliveAsync(ISshSession ssh, string session, CancellationToken cancellationToken)
    {
        string exact = ShellQuote.Quote("=" + session + ":");
        SshResult looked = await RunAsync(
            ssh, $"[ \"$(tmux list-panes -s -t {ShellQuote.Quote("=" + session)} -F '#{{pane_dead}}' 2>&1)\" = 0 ] && exit 0; "
            + $"tmux capture-pane -p -J -S - -t {exact}; tmux kill-session -t {ShellQuote.Quote("=" + session)}; exit 1", cancellationToken).ConfigureAwait(false);
        if (looked.ExitCode == 0) return;
        IEnumerable<string> last = looked.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.StartsWith("Pane is dead", StringComparison.Ordinal)).TakeLast(5);
        throw Failed(ssh.Target, Token().Replace(string.Join('\n', last), "token=..."));
    }

    private static async Task<string> FullAsync(ISshSession ssh, string folder, CancellationToken cancellationToken)
    {
        SshResult full = await RunAsync(ssh, $"cd -- {RemoteFolder.Quote(folder)} && pwd -P", cancellationToken).ConfigureAwait(false);
        return full.ExitCode == 0 ? full.OutputText.TrimEnd('\n') : throw new Fe2Exception(
            "FileNotFound", Fe2ErrorKind.NotFound, $"There is no folder '{folder}' on {ssh.Target.Name}.",
            "Check the path; a relative one starts at the home folder there.", folder);
    }

    /// <summary>By sh: the login shell may be of any kind.</summary>
    private static Task<SshResult> RunAsync(ISshSession ssh, string script, CancellationToken cancellationToken) =>
        ssh.RunAsync("exec sh -c " + ShellQuote.Quote(script), null, cancellationToken);

    private static Fe2Exception Missing(SshTarget target, string what) => new(
        "JupyterMissing", Fe2ErrorKind.NotInstalled, $"{what} is not installed on {target.Name}.",
        what == "tmux" ? $"On Ubuntu and Debian: Invoke-Fe2Command {target.Name} 'sudo apt-get update && sudo apt-get install -y tmux'"
            : $"On Ubuntu and Debian: Invoke-Fe2Command {target.Name} 'sudo apt-get update && sudo apt-get install -y jupyter-notebook'; "
            + $"the newest one, for one user: Invoke-Fe2Command {target.Name} 'python3 -m venv ~/venv && ~/venv/bin/pip install jupyterlab'",
        target.InstanceId);

    private static Fe2Exception Failed(SshTarget target, string cause) => new(
        "JupyterFailed", Fe2ErrorKind.OperationFailed, $"Jupyter could not be started on {target.Name}: {cause}",
        $"Mend what it says there. Enter-Fe2Instance {target.Name} logs in, to start it by hand.", target.InstanceId);

    [GeneratedRegex(@"token=\S+")]
    private static partial Regex Token();
}
