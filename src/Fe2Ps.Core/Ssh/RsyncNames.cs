using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Reads the names that rsync says (<c>--info=name2</c>): one a line before the file travels, or with "is uptodate" behind it.
/// What is left then of this computer's files has not arrived. Only this end's files can be told so: those of a machine are
/// known to rsync alone.
/// </summary>
internal sealed partial class RsyncNames(FileTransfer transfer, TransferTally tally)
{
    private const string UpToDate = " is uptodate";

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();
    private string? _last;

    public void Add(ReadOnlyMemory<byte> bytes)
    {
        var text = new char[_decoder.GetCharCount(bytes.Span, flush: false)];
        _decoder.GetChars(bytes.Span, text, flush: false);
        foreach (var character in text)
        {
            if (character is not ('\n' or '\r'))
            {
                _line.Append(character);
                continue;
            }

            if (character == '\n' && _line.Length > 0)
                Take(_line.ToString());
            _line.Clear();
        }
    }

    /// <summary>Closes the list: of a run that failed, the last file is there in part at most.</summary>
    public void Finish(bool isWhole)
    {
        if (isWhole && _last is not null)
            tally.Arrived.Add(_last);
        tally.Missing = () => All().Where(name => !tally.Arrived.Contains(name));
    }

    private void Take(string line)
    {
        var isThere = line.EndsWith(UpToDate, StringComparison.Ordinal);
        var name = Below(Escaped().Replace(
            isThere ? line[..^UpToDate.Length] : line, e => ((char)Convert.ToInt32(e.Groups[1].Value, 8)).ToString(CultureInfo.InvariantCulture)));
        if (isThere)
        {
            tally.Arrived.Add(name);
            return;
        }

        if (_last is not null)
            tally.Arrived.Add(_last);
        _last = name;
    }

    private IEnumerable<string> All()
    {
        IEnumerable<string> names = transfer.Names.Count > 0
            ? transfer.Names : Directory.EnumerateFileSystemEntries(transfer.SourceFolder).Select(p => Path.GetFileName(p));
        return names.SelectMany(n => TarFiles.Entries(Path.Combine(transfer.SourceFolder, n), n)).Where(e => File.Exists(e.Path)).Select(e => Below(e.Name));
    }

    private string Below(string name) =>
        transfer.SourceFolder.TrimEnd('/') + "/" + (name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name);

    // What cannot be printed is written in octal (rsync(1), --8-bit-output).
    [GeneratedRegex(@"\\#([0-7]{3})")]
    private static partial Regex Escaped();
}
