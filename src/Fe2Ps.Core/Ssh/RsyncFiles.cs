using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Ssh;

/// <summary>Files by rsync over ssh: only what differs travels, and a cut transfer goes on where it stopped.</summary>
internal sealed partial class RsyncFiles(SshSession session)
{
    // rsync(1), EXIT VALUES: 24 is "files vanished while they were read", which a folder in use may show.
    private const int Vanished = 24;

    private static readonly Lazy<string?> Version = new(FindVersion);

    /// <summary>Whether this computer has the original rsync, version 3; its look-alikes lack options used here.</summary>
    public static bool IsHere => Version.Value is not null;

    public Task SendAsync(
        IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var sources = localPaths.Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return RunAsync(
            // The folder is made by the same connection that brings the files.
            ["--rsync-path=cd && mkdir -p -- " + RemoteFolder.Quote(remoteFolder) + " && rsync", .. sources, Remote(remoteFolder)],
            $"Sending to {session.Target.Name}", report, cancellationToken);
    }

    public Task ReceiveAsync(
        string remoteFolder, string localFolder, IProgress<Fe2Report>? report, CancellationToken cancellationToken) =>
        RunAsync(
            ["--rsync-path=cd && rsync", Remote(remoteFolder), Path.TrimEndingDirectorySeparator(Path.GetFullPath(localFolder)) + "/"],
            $"Receiving from {session.Target.Name}", report, cancellationToken);

    /// <summary>
    /// A transfer of a copy. rsync compares a checksum of each whole file that has travelled (rsync(1), --checksum); an
    /// unfinished file waits in a folder <c>.fe2-partial</c> beside its place, so that no half has the name of a whole.
    /// </summary>
    public async Task TransferAsync(
        FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<string> arguments = ["--partial-dir=.fe2-partial", transfer.ToMachine ? "--info=progress2,stats2,name2" : "--info=progress2,stats2"];
        if (transfer.ToMachine)
            arguments.Add("--8-bit-output");
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

        var begin = "cd" + (transfer.ToMachine ? " && mkdir -p -- " + RemoteFolder.Quote(transfer.TargetFolder) : "") + " || exit; ";
        // The login shell may be of any kind.
        arguments.Add($"--rsync-path=exec sh -c {ShellQuote.Quote(begin + (transfer.Track is { } track ? RsyncTrack.Run(track) : "exec rsync \"$@\""))} rsync");
        if (!transfer.ToMachine)
            Directory.CreateDirectory(transfer.TargetFolder);
        arguments.AddRange(transfer.ToMachine ? [Local(from) + tail, Remote(to, tail)] : [Remote(from, tail), Local(to) + tail]);

        var activity = transfer.ToMachine ? $"Sending to {session.Target.Name}" : $"Receiving from {session.Target.Name}";
        var statistics = new RsyncStatistics(tally, activity, report);
        var spoken = transfer.ToMachine ? new RsyncNames(transfer, tally) : null;
        void Read(ReadOnlyMemory<byte> bytes)
        {
            statistics.Add(bytes);
            spoken?.Add(bytes);
        }

        try
        {
            await RunAsync(arguments, names, Read, activity, cancellationToken).ConfigureAwait(false);
            tally.IsChecked = true;
        }
        finally
        {
            statistics.Finish();
            spoken?.Finish(tally.IsChecked);
        }
    }

    private Task RunAsync(
        IEnumerable<string> paths, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken) =>
        RunAsync(["--partial", "--info=progress2", .. paths], null, bytes => Progress(bytes, activity, report), activity, cancellationToken);

    private async Task RunAsync(
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
            (stream, token) => SshProcess.PumpAsync(stream, onOutput, token),
            bytes => tail.Add(bytes.Span), cancellationToken).ConfigureAwait(false);
        if (exitCode is not (0 or Vanished))
            throw Explain(exitCode, tail.Text, activity);
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
