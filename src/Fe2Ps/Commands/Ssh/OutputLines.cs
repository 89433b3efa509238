using System.Text;

namespace Fe2Ps.Commands;

/// <summary>Cuts a stream of bytes into lines of text. A character or a line may come in several pieces.</summary>
internal sealed class OutputLines
{
    private readonly Decoder _decoder = new UTF8Encoding(false, false).GetDecoder();
    private readonly StringBuilder _line = new();

    /// <summary>The lines that this piece completes.</summary>
    public List<string> Add(ReadOnlySpan<byte> bytes)
    {
        Span<char> buffer = bytes.Length <= 1024 ? stackalloc char[bytes.Length + 2] : new char[bytes.Length + 2];
        int count = _decoder.GetChars(bytes, buffer, flush: false);
        var lines = new List<string>();
        ReadOnlySpan<char> rest = buffer[..count];
        for (int end; (end = rest.IndexOf('\n')) >= 0; rest = rest[(end + 1)..])
        {
            _line.Append(rest[..end]);
            lines.Add(Take());
        }

        _line.Append(rest);
        return lines;
    }

    /// <summary>The last line, if the stream does not end with a line feed.</summary>
    public string? Finish() => _line.Length > 0 ? Take() : null;

    private string Take()
    {
        if (_line.Length > 0 && _line[^1] == '\r') _line.Length--;
        string line = _line.ToString();
        _line.Clear();
        return line;
    }
}
