using Microsoft.Win32.SafeHandles;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Copies a sparse file: the parts that hold data, and nothing at all where the file system can share them.</summary>
internal static class SparseCopy
{
    private const int PieceLength = 1 << 20;
    private const nuint Clone = 0x40049409;

    /// <param name="percent">Gets 0 to 100.</param>
    public static void Copy(string source, string target, IProgress<int>? percent, CancellationToken cancellationToken)
    {
        using var from = File.OpenHandle(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var to = File.OpenHandle(target, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        var length = RandomAccess.GetLength(from);
        percent?.Report(0);
        if (!TryClone(from, to))
        {
            RandomAccess.SetLength(to, length);
            CopyData(from, to, length, percent, cancellationToken);
        }

        percent?.Report(100);
    }

    private static bool TryClone(SafeFileHandle from, SafeFileHandle to)
    {
        try
        {
            Kernel.Control(to, Clone, (int)from.DangerousGetHandle(), "clone");
            return true;
        }
        catch (IOException)
        {
            // Most file systems cannot.
            return false;
        }
    }

    private static void CopyData(
        SafeFileHandle from,
        SafeFileHandle to,
        long length,
        IProgress<int>? percent,
        CancellationToken cancellationToken)
    {
        var piece = new byte[PieceLength];
        var reported = 0;
        for (var start = Kernel.Seek(from, 0, hole: false); start >= 0 && start < length;)
        {
            var end = Kernel.Seek(from, start, hole: true);
            while (start < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(from, piece.AsSpan(0, (int)Math.Min(PieceLength, end - start)), start);
                if (read == 0)
                    return;
                RandomAccess.Write(to, piece.AsSpan(0, read), start);
                start += read;
                var now = (int)(start * 100 / length);
                if (now > reported && now < 100)
                    percent?.Report(reported = now);
            }

            start = Kernel.Seek(from, start, hole: false);
        }
    }
}
