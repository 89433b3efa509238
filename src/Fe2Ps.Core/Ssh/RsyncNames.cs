using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Keeps the names that rsync says (<c>--info=name2</c>): one a line before the file travels, or with "is uptodate" behind it.
/// What is left then has not arrived. They are read only where a copy fails: a line for each of a million files is no news.
/// </summary>
internal sealed partial class RsyncNames(FileTransfer transfer, TransferTally tally)
{
    private const string UpToDate = " is uptodate";

    /// <summary>"ignoring unsafe symlink", rsync's words for <c>--info=symsafe</c>; two versions put them differently.</summary>
    private const string Unsafe = "unsafe symlink \"";

    private readonly MemoryStream _said = new();
    private int _lineStart;
    private bool _isProgress;

    public void Add(ReadOnlyMemory<byte> bytes)
    {
        for (var rest = bytes.Span; rest.Length > 0;)
        {
            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            _said.Write(end < 0 ? rest : rest[..(end + 1)]);
            if (end < 0)
                return;
            // A line of progress stands behind a carriage return, to be written over.
            if (rest[end] == '\r')
                _said.SetLength(_lineStart);
            else if (_isProgress)
                DropProgress();
            if (_said.GetBuffer().AsSpan(_lineStart, (int)_said.Length - _lineStart).IndexOf("unsafe symlink \""u8) >= 0)
                tally.LinksLeftOut++;
            _isProgress = rest[end] == '\r';
            _lineStart = (int)_said.Length;
            rest = rest[(end + 1)..];
        }
    }

    /// <summary>
    /// Takes the progress out of the last line. A receiving rsync is two processes, and what one says of a name may follow the
    /// other's progress with no end of line between.
    /// </summary>
    private void DropProgress()
    {
        var line = _said.GetBuffer().AsSpan(_lineStart, (int)_said.Length - _lineStart);
        // A character for each byte, so that lengths agree.
        byte[] name = line[Progress().Match(Encoding.Latin1.GetString(line)).Length..].ToArray();
        _said.SetLength(_lineStart);
        if (name is not [(byte)'\n'])
            _said.Write(name);
    }

    /// <summary>Closes the list: of a run that failed, the last file is there in part at most.</summary>
    /// <param name="isWhole">Whether the run succeeded.</param>
    /// <param name="listing">The files of the machine, or null where this computer sends its own.</param>
    public void Finish(bool isWhole, RemoteListing? listing)
    {
        if (isWhole)
            return;
        string? last = null;
        foreach (var line in Encoding.UTF8.GetString(_said.GetBuffer(), 0, _lineStart).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Contains(Unsafe, StringComparison.Ordinal))
                continue;
            var isThere = line.EndsWith(UpToDate, StringComparison.Ordinal);
            var name = Below(Escaped().Replace(
                isThere ? line[..^UpToDate.Length] : line, e => ((char)Convert.ToInt32(e.Groups[1].Value, 8)).ToString(CultureInfo.InvariantCulture)));
            if (!isThere && last is not null)
                tally.Arrived.Add(last);
            if (isThere)
                tally.Arrived.Add(name);
            else
                last = name;
        }

        var all = listing is null ? null : listing.Names.Select(Below).ToList();
        tally.Missing = () => (all ?? Here()).Where(name => !tally.Arrived.Contains(name));
    }

    private IEnumerable<string> Here()
    {
        IEnumerable<string> names = transfer.Names.Count > 0
            ? transfer.Names : Directory.EnumerateFileSystemEntries(transfer.SourceFolder).Select(p => Path.GetFileName(p));
        return names.SelectMany(n => TarFiles.Entries(Path.Combine(transfer.SourceFolder, n), n)).Where(e => File.Exists(e.Path)).Select(e => Below(e.Name));
    }

    private string Below(string name)
    {
        var plain = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        return transfer.SourceFolder.Length == 0 ? plain : transfer.SourceFolder.TrimEnd('/') + "/" + plain;
    }

    // "  1,234,567  45%   10.00MB/s    0:00:12 (xfr#5, to-chk=169/396)", or two spaces where a file is still on its way.
    [GeneratedRegex(@"^ *[\d,.]+ +\d{1,3}% +\S+/s +[\d:]+(?: \(xfr#\d+, (?:to|ir)-chk=\d+/\d+\))? *")]
    private static partial Regex Progress();

    // What cannot be printed is written in octal (rsync(1), --8-bit-output).
    [GeneratedRegex(@"\\#([0-7]{3})")]
    private static partial Regex Escaped();
}
