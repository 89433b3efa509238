using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Ssh;

/// <summary>Files by rsync over ssh: only what differs travels, and a cut transfer goes on where it stopped.</summary>
internal sealed partial class RsyncFiles(SshSession session)
{
    // rsync(1), EXIT VALUES: 24 is "files vanished while they were read", which a folder in use may show.
    private const int Vanished = 24;

    /// <summary>What the machine says in place of running an rsync that it has not: so nobody has to ask before.</summary>
    private const string NoRsync = "fe2-no-rsync";

    /// <summary>rsync says something for each file: read one by one, 2,000 files would cost more than their way.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private static readonly Lazy<string?> Version = new(FindVersion);

    /// <summary>Whether this computer has the original rsync, version 3; its look-alikes lack options used here.</summary>
    public static bool IsHere => Version.Value is not null;

    /// <summary>Sends; false where the machine has no rsync.</summary>
    public Task<bool> SendAsync(
        IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var sources = localPaths.Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return RunAsync(
            // The folder is made by the same connection that brings the files.
            [Server($"cd && mkdir -p -- {RemoteFolder.Quote(remoteFolder)} || exit; exec rsync \"$@\""), .. sources, Remote(remoteFolder)],
            $"Sending to {session.Target.Name}", report, cancellationToken);
    }

    /// <summary>Receives; false where the machine has no rsync.</summary>
    public Task<bool> ReceiveAsync(
        string remoteFolder, string localFolder, IProgress<Fe2Report>? report, CancellationToken cancellationToken) =>
        RunAsync(
            ["--safe-links", Server("cd || exit; exec rsync \"$@\""), Remote(remoteFolder), Path.TrimEndingDirectorySeparator(Path.GetFullPath(localFolder)) + "/"],
            $"Receiving from {session.Target.Name}", report, cancellationToken);

    /// <summary>
    /// A transfer of a copy. rsync compares a checksum of each whole file that has travelled (rsync(1), --checksum); an
    /// unfinished file waits in a folder <c>.fe2-partial</c> beside its place, so that no half has the name of a whole. False
    /// where the machine has no rsync.
    /// </summary>
    public async Task<bool> TransferAsync(
        FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<string> arguments = ["--partial-dir=.fe2-partial", "--info=progress2,stats2,name2,symsafe", "--8-bit-output"];
        // A link that a machine places here must not lead to what is nobody's but this computer's.
        if (!transfer.ToMachine)
            arguments.Add("--safe-links");
        if (transfer.ByContent)
            arguments.Add("--checksum");
        byte[]? names = null;
        string from = transfer.SourceFolder, to = transfer.TargetFolder, tail = "/";
        if (transfer.NewName is { } name)
        {
            (from, to, tail) = (Below(from, transfer.Names[0]), Below(to, name), "");
            // A link that was named stands for what it leads to.
            arguments.Add("--copy-links");
        }
        else if (transfer.Names.Count > 0)
        {
            // A leading "./" keeps a name from being a comment of the list, and is taken away.
            names = Encoding.UTF8.GetBytes(string.Concat(transfer.Names.Select(n => "./" + n + "\0")));
            arguments.AddRange(["--files-from=-", "--from0"]);
        }

        var mark = transfer is { ToMachine: true, Mark: { } its } ? RemoteFolder.Quote(its) : null;
        arguments.Add(Server(RsyncTrack.Run(transfer.Track, transfer.ToMachine ? RemoteFolder.Quote(transfer.TargetFolder) : null, mark)));
        if (!transfer.ToMachine)
            Directory.CreateDirectory(transfer.TargetFolder);
        arguments.AddRange(transfer.ToMachine ? [Local(from) + tail, Remote(to, tail)] : [Remote(from, tail), Local(to) + tail]);

        var activity = transfer.ToMachine ? $"Sending to {session.Target.Name}" : $"Receiving from {session.Target.Name}";
        var statistics = new RsyncStatistics(tally, activity, report);
        var spoken = new RsyncNames(transfer, tally);
        void Read(ReadOnlyMemory<byte> bytes)
        {
            statistics.Add(bytes);
            spoken.Add(bytes);
        }

        await using var listing = transfer.ToMachine ? null : new RemoteListing(session, transfer, cancellationToken);
        try
        {
            if (!await RunAsync(arguments, names, Read, activity, cancellationToken).ConfigureAwait(false))
                return false;
            tally.IsMarkGone = mark is not null;
            return tally.IsChecked = true;
        }
        finally
        {
            statistics.Finish();
            spoken.Finish(tally.IsChecked, listing);
        }
    }

    private Task<bool> RunAsync(
        IEnumerable<string> paths, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken) =>
        RunAsync(["--partial", "--info=progress2", .. paths], null, bytes => Progress(bytes, activity, report), activity, cancellationToken);

    /// <summary>What is to run in place of rsync there. The login shell may be of any kind.</summary>
    /// <param name="script">For sh; the arguments of rsync are its own.</param>
    private static string Server(string script) =>
        $"--rsync-path=exec sh -c {ShellQuote.Quote($"command -v rsync >/dev/null || {{ echo {NoRsync} >&2; exit 127; }}; {script}")} rsync";

    private async Task<bool> RunAsync(
        IEnumerable<string> more, byte[]? input, Action<ReadOnlyMemory<byte>> onOutput, string activity, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            // Protected arguments (-s): names go through rsync's own protocol, no shell ever sees them.
            "-rlpt", "-s", "--chmod=u+rwX",
            "-e", session.CommandLine.ForRsync(session.Target), .. more,
        ];
        var tail = new SshSession.ErrorTail();
        var exitCode = await SshProcess.RunAsync(
            "rsync", arguments,
            input is null ? null : async (stream, token) => await stream.WriteAsync(input, token).ConfigureAwait(false),
            (stream, token) => SshProcess.PumpAsync(stream, onOutput, token, Pace),
            bytes => tail.Add(bytes.Span), cancellationToken).ConfigureAwait(false);
        if (exitCode is not (0 or Vanished) && tail.Text.Contains(NoRsync, StringComparison.Ordinal))
            return false;
        return exitCode is 0 or Vanished ? true : throw Explain(exitCode, tail.Text, activity);
    }

    private Fe2Exception Explain(int exitCode, string errorText, string activity)
    {
        var lines = errorText.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var cause = lines.FirstOrDefault(line => line.Contains('(', StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? $"rsync ended with {exitCode}.";
        if (errorText.Contains("No space left on device", StringComparison.Ordinal))
            return SshErrors.DiskFull(session.Target, cause);
        // 10, 12, 30, 35: socket, protocol stream, timeouts; 255 is ssh's own.
        return exitCode is 10 or 12 or 30 or 35 or 255
            ? SshFailure.Explain(session.Target, errorText, null)
            : SshErrors.TransferFailed(session.Target, activity, cause);
    }

    private string Remote(string folder) => Host + folder.TrimEnd('/') + "/";

    private string Remote(string path, string tail) =>
        // "./" keeps a leading dash or colon a part of the name.
        Host + (path.StartsWith('/') ? path.TrimEnd('/') : "./" + path.TrimEnd('/')) + (path == "/" ? "/" : tail);

    /// <summary>The host alone: login, port and keys are in the ssh command. An IPv6 address needs brackets.</summary>
    private string Host =>
        (session.Target.Address.Contains(':', StringComparison.Ordinal) ? $"[{session.Target.Address}]" : session.Target.Address) + ":";

    private static string Local(string path) => Path.GetFullPath(path).TrimEnd('/');

    private static string Below(string folder, string name) => folder.Length == 0 ? name : folder.TrimEnd('/') + "/" + name;

    private static void Progress(ReadOnlyMemory<byte> bytes, string activity, IProgress<Fe2Report>? report)
    {
        if (report is null)
            return;
        // One line that rewrites itself: "  1,234,567  45%   10.00MB/s    0:00:12".
        var match = ProgressLine().Matches(Encoding.ASCII.GetString(bytes.Span)).LastOrDefault();
        if (match is not null)
        {
            report.Report(new ProgressReport(
                activity, $"{match.Groups[1].Value} bytes, {match.Groups[3].Value}",
                int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)));
        }
    }

    [GeneratedRegex(@"([\d,.]+)\s+(\d{1,3})%\s+(\S+/s)")]
    private static partial Regex ProgressLine();

    private static string? FindVersion()
    {
        try
        {
            using var process = SshProcess.Start("rsync", ["--version"]);
            process.StandardInput.Close();
            var text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return text.StartsWith("rsync  version 3", StringComparison.Ordinal) ? text : null;
        }
        catch (Fe2Exception)
        {
            return null;
        }
    }
}
