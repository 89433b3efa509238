using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Tells a remote exit code 255 from ssh's own: ssh exits with 255 for every failure of the connection (ssh(1), EXIT STATUS).
/// The command is wrapped so that a real 255 leaves a mark of this very run as the last thing on standard error,
/// and a signal becomes 128 + n, which ssh alone would also call 255.
/// </summary>
internal sealed class RemoteExit
{
    private const string Wrapper = "\"${SHELL:-sh}\" -c \"$1\"; s=$?; [ $s -ne 255 ] || printf %s \"$2\" >&2; exit $s";

    private readonly string _mark = "\u001efe2:" + Convert.ToHexString(RandomNumberGenerator.GetBytes(8)) + "\u001e";
    private readonly byte[] _markBytes;
    private readonly List<byte> _held = [];

    public RemoteExit() => _markBytes = Encoding.ASCII.GetBytes(_mark);

    /// <summary>Whether the mark has been seen: the command itself ended with 255.</summary>
    public bool IsRemote255 { get; private set; }

    /// <summary>The command as it is sent.</summary>
    public string Wrap(string command) => "exec sh -c " + ShellQuote.Join(Wrapper, "fe2", command, _mark);

    /// <summary>Lets standard error through, except for the mark. What may be its beginning waits for the next piece.</summary>
    public void Filter(ReadOnlyMemory<byte> bytes, Action<ReadOnlyMemory<byte>> pass)
    {
        if (_held.Count == 0 && !bytes.Span.Contains(_markBytes[0]))
        {
            pass(bytes);
            return;
        }

        _held.AddRange(bytes.Span);
        var all = _held.ToArray();
        var at = all.AsSpan().IndexOf(_markBytes);
        if (at >= 0)
        {
            IsRemote255 = true;
            all = [.. all[..at], .. all[(at + _markBytes.Length)..]];
        }

        var keep = 0;
        for (var length = Math.Min(_markBytes.Length - 1, all.Length); length > 0 && keep == 0; length--)
        {
            if (all.AsSpan(all.Length - length).SequenceEqual(_markBytes.AsSpan(0, length)))
                keep = length;
        }

        _held.Clear();
        _held.AddRange(all.AsSpan(all.Length - keep));
        if (all.Length > keep)
            pass(all.AsMemory(0, all.Length - keep));
    }

    /// <summary>Lets through what was held when nothing more can come.</summary>
    public void Finish(Action<ReadOnlyMemory<byte>> pass)
    {
        if (_held.Count > 0)
            pass(_held.ToArray());
        _held.Clear();
    }
}
