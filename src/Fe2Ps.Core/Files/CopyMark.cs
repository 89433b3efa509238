using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Core.Files;

/// <summary>
/// The mark in a folder that a copy has begun and not finished. Without it the same command, given again, would find the
/// folder there and put a second copy into it, as Copy-Item does.
/// </summary>
internal static class CopyMark
{
    public const string Name = ".fe2-copy";

    /// <summary>What tells one copy from another: where it comes from, on which computer.</summary>
    public static string Of(string source) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName}\n{source}")).AsSpan(0, 8)).ToLowerInvariant();

    public static CopyTarget Here(string path, string mark) =>
        Directory.Exists(path)
            ? File.Exists(Path.Combine(path, Name)) && File.ReadAllText(Path.Combine(path, Name)) == mark ? CopyTarget.Unfinished : CopyTarget.Folder
            : File.Exists(path) ? CopyTarget.File : CopyTarget.None;

    /// <summary>Puts the mark into a folder of this computer, which is made when missing.</summary>
    public static void Put(string folder, string mark)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, Name), mark);
    }
}
