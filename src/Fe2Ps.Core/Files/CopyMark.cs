using System.Security.Cryptography;
using System.Text;
using Fe2Ps.Core.Ssh;

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

    public static async Task PutAsync(ISshSession session, bool there, string folder, string mark, CancellationToken cancellationToken)
    {
        if (!there)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, Name), mark, cancellationToken).ConfigureAwait(false);
            return;
        }

        var quoted = RemoteFolder.Quote(folder);
        var result = await session.RunAsync($"mkdir -p -- {quoted} && printf %s {mark} > {quoted}/{Name}", null, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            var cause = SshFailure.LastLine(result.ErrorText);
            throw cause.Contains("No space left", StringComparison.Ordinal)
                ? SshErrors.DiskFull(session.Target, cause) : SshErrors.TransferFailed(session.Target, $"Making the folder '{folder}'", cause);
        }
    }
}
