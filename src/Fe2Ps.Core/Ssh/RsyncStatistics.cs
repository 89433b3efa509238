using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Reads what rsync says on standard output: the line of <c>--info=progress2</c> that rewrites itself, and the block of
/// <c>--info=stats2</c> at the end. Numbers carry separators after the user's locale.
/// </summary>
internal sealed partial class RsyncStatistics(TransferTally tally, string activity, IProgress<Fe2Report>? report)
{
    private readonly StringBuilder _tail = new();
    private long _seenBytes;
    private long _seenFiles;

    public void Add(ReadOnlyMemory<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes.Span);
        _tail.Append(text);
        if (_tail.Length > 8192)
            _tail.Remove(0, _tail.Length - 4096);
        if (Progress().Matches(text).LastOrDefault() is not { } match)
            return;
        _seenBytes = Number(match.Groups[1].Value);
        if (match.Groups[4].Success)
        {
            _seenFiles = Number(match.Groups[4].Value);
            tally.Left = Number(match.Groups[5].Value);
        }

        report?.Report(new ProgressReport(
            activity, $"{match.Groups[1].Value} bytes, {match.Groups[3].Value}", int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)));
    }

    /// <summary>Takes over what was counted: the statistics of a whole run, or what was seen of one that was cut.</summary>
    public void Finish()
    {
        var text = _tail.ToString();
        if (Count(Files(), text) is { } sent)
        {
            tally.Files += Count(RegularFiles(), text) ?? 0;
            tally.Bytes += Count(TotalSize(), text) ?? 0;
            tally.FilesSent += sent;
            tally.BytesSent += Count(LiteralData(), text) ?? 0;
            tally.Left = 0;
        }
        else
        {
            tally.FilesSent += _seenFiles;
            tally.BytesSent += _seenBytes;
        }
    }

    private static long? Count(Regex line, string text) => line.Match(text) is { Success: true } match ? Number(match.Groups[1].Value) : null;

    private static long Number(string text) =>
        long.Parse(text.Replace(",", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    // "  1,234,567  45%   10.00MB/s    0:00:12 (xfr#5, to-chk=169/396)"
    [GeneratedRegex(@"([\d,.]+)\s+(\d{1,3})%\s+(\S+/s)(?:\s+[\d:]+\s+\(xfr#(\d+), (?:to|ir)-chk=(\d+)/)?")]
    private static partial Regex Progress();

    [GeneratedRegex(@"Number of regular files transferred: ([\d,.]+)")]
    private static partial Regex Files();

    [GeneratedRegex(@"Number of files: [\d,.]+ \(reg: ([\d,.]+)")]
    private static partial Regex RegularFiles();

    [GeneratedRegex(@"Total file size: ([\d,.]+) bytes")]
    private static partial Regex TotalSize();

    [GeneratedRegex(@"Literal data: ([\d,.]+) bytes")]
    private static partial Regex LiteralData();
}
