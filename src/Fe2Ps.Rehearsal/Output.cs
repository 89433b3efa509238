using System.Text;

namespace Fe2Ps.Rehearsal;

/// <summary>Shows a script's output line by line below the running step, as it comes.</summary>
internal sealed class Output(Timeline timeline, string prefix)
{
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder line = new();

    public void Take(ReadOnlyMemory<byte> bytes)
    {
        var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var count = decoder.GetChars(bytes.Span, text, flush: false);
        foreach (var letter in text.AsSpan(0, count))
        {
            if (letter != '\n') line.Append(letter);
            else Flush();
        }
    }

    public void End()
    {
        if (line.Length > 0) Flush();
    }

    private void Flush()
    {
        timeline.Say($"{prefix} | {line.ToString().TrimEnd('\r')}");
        line.Clear();
    }
}
