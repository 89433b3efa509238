using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>The file that a host's console is.</summary>
internal static class ConsoleFile
{
    /// <summary>As much of a console as EC2 keeps.</summary>
    private const int Length = 64 * 1024;

    /// <summary>Makes the file: it must exist to be written to from several sides.</summary>
    public static void Ensure(string path)
    {
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
    }

    /// <summary>The last 64 KiB; empty if there is no such file.</summary>
    public static string ReadEnd(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            var text = new byte[Math.Min(length, Length)];
            var read = RandomAccess.Read(file, text, length - text.Length);
            return Encoding.UTF8.GetString(text, 0, read);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return string.Empty;
        }
    }
}
