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

    private async Task RunAsync(
        IEnumerable<string> paths, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            // Protected arguments (-s): names go through rsync's own protocol, no shell ever sees them.
            "-rlpt", "-s", "--chmod=u+rwX", "--partial", "--info=progress2",
            "-e", session.CommandLine.ForRsync(session.Target), .. paths,
        ];
        var tail = new SshSession.ErrorTail();
        var exitCode = await SshProcess.RunAsync(
            "rsync", arguments, null,
            (stream, token) => SshProcess.PumpAsync(stream, bytes => Progress(bytes, activity, report), token),
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

    private string Remote(string folder) =>
        // The host alone: login, port and keys are in the ssh command. An IPv6 address needs brackets.
        (session.Target.Address.Contains(':', StringComparison.Ordinal) ? $"[{session.Target.Address}]" : session.Target.Address)
        + ":" + folder.TrimEnd('/') + "/";

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
