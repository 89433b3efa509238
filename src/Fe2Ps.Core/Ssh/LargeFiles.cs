using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>A large file of a transfer.</summary>
/// <param name="Here">Its full path on this computer.</param>
/// <param name="There">Its name below the transfer's folder of the machine.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Seconds">When it was last written, in seconds since 1970 with a fraction.</param>
/// <param name="Mode">Its permissions, in octal.</param>
/// <param name="HasTwin">Whether a file of that name and length is on the other end already: then its content may be there, under another time.</param>
internal sealed record LargeFile(string Here, string There, long Length, string Seconds, string Mode, bool HasTwin)
{
    /// <summary>The folder beside its place in which a file waits until it is whole; the same as rsync's.</summary>
    public const string Waiting = ".fe2-partial";

    /// <summary>A plain name for what there is of it: another content, or the same written again, gets another.</summary>
    public string Partial => "fe2-" + Convert.ToHexString(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{There}\n{Length.ToString(CultureInfo.InvariantCulture)}\n{Seconds}")).AsSpan(0, 8)).ToLowerInvariant();

    /// <summary>The folder of the waiting file there, below the transfer's.</summary>
    public string WaitingThere => (There.LastIndexOf('/') is > 0 and var slash ? There[..(slash + 1)] : "") + Waiting;

    public string PartialThere => WaitingThere + "/" + Partial;

    public string PartialHere => Path.Combine(Path.GetDirectoryName(Here)!, Waiting, Partial);
}

/// <summary>
/// Large files where rsync is missing: each goes by sftp into a file beside its place, where a cut transfer goes on in the
/// middle, is compared by its SHA-256, and then gets its name in one step.
/// </summary>
/// <param name="session">The machine.</param>
/// <param name="folder">The transfer's folder there; a relative one starts at the home folder.</param>
/// <param name="hashes">Asks for the SHA-256 of files below that folder, or null where it cannot tell.</param>
/// <param name="tally">Told of what has travelled.</param>
/// <param name="report">Told of the progress.</param>
internal sealed class LargeFiles(
    SshSession session, string folder, Func<string, CancellationToken, Task<string?>> hashes, TransferTally tally, IProgress<Fe2Report>? report)
{
    /// <summary>From here on a file is worth going on with in its middle; smaller ones come faster in one stream, 4 MiB.</summary>
    public const long From = 4 << 20;

    private long _all;
    private long _done;
    private int _percent = -1;

    /// <summary>Sends them; false where the machine offers no sftp.</summary>
    public Task<bool> SendAsync(IReadOnlyList<LargeFile> files, CancellationToken cancellationToken) =>
        RunAsync(files, $"Sending to {session.Target.Name}", SendAsync, cancellationToken);

    /// <summary>Receives them; false where the machine offers no sftp.</summary>
    public Task<bool> ReceiveAsync(IReadOnlyList<LargeFile> files, CancellationToken cancellationToken) =>
        RunAsync(files, $"Receiving from {session.Target.Name}", ReceiveAsync, cancellationToken);

    private async Task<bool> RunAsync(
        IReadOnlyList<LargeFile> files, string activity, Func<SftpClient, LargeFile, Action<long>, CancellationToken, Task<bool>> move, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
            return true;
        _all = files.Sum(f => f.Length);
        try
        {
            return await SftpClient.RunAsync(
                session,
                async (sftp, token) =>
                {
                    foreach (var file in files)
                    {
                        var start = _done;
                        if (await move(sftp, file, bytes => Moved(bytes, activity), token).ConfigureAwait(false))
                            tally.FilesSent++;
                        _done = start + file.Length;
                        tally.Left--;
                    }
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (SftpException refused)
        {
            throw await CauseAsync(refused.Message, activity, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException refused)
        {
            // ENOSPC, and what Windows says for it.
            throw refused.Message.Contains("No space left", StringComparison.Ordinal) || refused.HResult is unchecked((int)0x80070070)
                ? SshErrors.DiskFull(session.Target, refused.Message) : SshErrors.TransferFailed(session.Target, activity, refused.Message);
        }
    }

    /// <summary>Sends one; false where its content was there.</summary>
    private async Task<bool> SendAsync(SftpClient sftp, LargeFile file, Action<long> moved, CancellationToken cancellationToken)
    {
        await using var content = Open(file.Here, FileMode.Open, FileAccess.Read);
        var wanted = await HashAsync(file.Here, cancellationToken).ConfigureAwait(false);
        // A file that was only touched needs its time alone. So does one whose time a former connection changed: what lay in its
        // buffers when it was cut may arrive long after.
        if (file.HasTwin && await hashes(file.There, cancellationToken).ConfigureAwait(false) == wanted)
        {
            await ThereAsync(DressThere(file, file.There), cancellationToken).ConfigureAwait(false);
            return false;
        }

        await ThereAsync($"mkdir -p -- {ShellQuote.Quote(file.WaitingThere)}", cancellationToken).ConfigureAwait(false);
        for (var again = false; ; again = true)
        {
            var start = await sftp.PutAsync(Below(file.PartialThere), content, moved, cancellationToken).ConfigureAwait(false);
            var hash = await hashes(file.PartialThere, cancellationToken).ConfigureAwait(false);
            tally.IsChecked &= hash is not null;
            if (hash is null || hash == wanted)
                break;
            await ThereAsync($"rm -f -- {ShellQuote.Quote(file.PartialThere)}", cancellationToken).ConfigureAwait(false);
            if (again || start == 0)
                throw Differs(file);
        }

        var partial = ShellQuote.Quote(file.PartialThere);
        await ThereAsync(
            $"{DressThere(file, file.PartialThere)} && mv -fT -- {partial} {ShellQuote.Quote(file.There)} || exit; "
            + $"rmdir -- {ShellQuote.Quote(file.WaitingThere)} 2>/dev/null; exit 0", cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Receives one; false where its content was here.</summary>
    private async Task<bool> ReceiveAsync(SftpClient sftp, LargeFile file, Action<long> moved, CancellationToken cancellationToken)
    {
        var wanted = await hashes(file.There, cancellationToken).ConfigureAwait(false);
        if (file.HasTwin && wanted is not null && await HashAsync(file.Here, cancellationToken).ConfigureAwait(false) == wanted)
        {
            Dress(file, file.Here);
            return false;
        }

        tally.IsChecked &= wanted is not null;
        var waiting = Path.GetDirectoryName(file.PartialHere)!;
        Directory.CreateDirectory(waiting);
        for (var again = false; ; again = true)
        {
            var start = 0L;
            await using (var content = Open(file.PartialHere, FileMode.OpenOrCreate, FileAccess.ReadWrite))
            {
                if (content.Length > file.Length)
                    content.SetLength(0);
                start = content.Length;
                await sftp.GetAsync(Below(file.There), content, file.Length, moved, cancellationToken).ConfigureAwait(false);
            }

            if (wanted is null || await HashAsync(file.PartialHere, cancellationToken).ConfigureAwait(false) == wanted)
                break;
            File.Delete(file.PartialHere);
            if (again || start == 0)
                throw Differs(file);
        }

        Dress(file, file.PartialHere);
        File.Move(file.PartialHere, file.Here, overwrite: true);
        if (!Directory.EnumerateFileSystemEntries(waiting).Any())
            Directory.Delete(waiting);
        return true;
    }

    /// <summary>Gives what has come the permissions and the time of the file there.</summary>
    private static void Dress(LargeFile file, string path)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)(Convert.ToInt32(file.Mode, 8) & 0b111_111_111) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetLastWriteTimeUtc(path, new DateTime(TarFiles.TicksOf(file.Seconds), DateTimeKind.Utc));
    }

    /// <summary>The same on the machine. The time goes by name, since sftp knows whole seconds alone.</summary>
    private static string DressThere(LargeFile file, string name) =>
        $"touch -d @{file.Seconds} -- {ShellQuote.Quote(name)} && chmod {file.Mode} -- {ShellQuote.Quote(name)}";

    private void Moved(long bytes, string activity)
    {
        tally.BytesSent += bytes;
        _done += bytes;
        // There is an answer for every 32 KB, and nobody sees less than a hundredth.
        var percent = (int)Math.Clamp(100 * _done / _all, 0, 100);
        if (percent != _percent)
            report?.Report(new ProgressReport(activity, $"{_done} of {_all} bytes", _percent = percent));
    }

    /// <summary>A command in the transfer's folder there, by sh.</summary>
    private async Task ThereAsync(string script, CancellationToken cancellationToken)
    {
        var result = await session.RunAsync(
            "exec sh -c " + ShellQuote.Quote($"cd -- {RemoteFolder.Quote(folder)} || exit; {script}"), null, cancellationToken).ConfigureAwait(false);
        TarFiles.Check(session, result.ExitCode, result.ErrorText, $"Sending to {session.Target.Name}");
    }

    /// <summary>sftp calls every trouble of a disk "Failure": whether it is full shows when a little more is written to it.</summary>
    private async Task<Fe2Exception> CauseAsync(string words, string activity, CancellationToken cancellationToken)
    {
        var probe = await session.RunAsync(
            "exec sh -c " + ShellQuote.Quote(
                $"cd -- {RemoteFolder.Quote(folder)} && f=$(mktemp ./.fe2-XXXXXXXX) && head -c 1048576 /dev/zero > \"$f\"; s=$?; rm -f -- \"$f\"; exit $s"),
            null, cancellationToken).ConfigureAwait(false);
        return probe.ErrorText.Contains("No space left", StringComparison.Ordinal)
            ? SshErrors.DiskFull(session.Target, SshFailure.LastLine(probe.ErrorText)) : SshErrors.TransferFailed(session.Target, activity, words);
    }

    private Fe2Exception Differs(LargeFile file) => SshErrors.TransferFailed(
        session.Target, "The comparison of both ends", $"'{file.There}' differs by its SHA-256; it may have been written to meanwhile.");

    private string Below(string name) => folder.Length == 0 ? name : folder.TrimEnd('/') + "/" + name;

    private static FileStream Open(string path, FileMode mode, FileAccess access) =>
        new(path, mode, access, FileShare.ReadWrite, bufferSize: 0, FileOptions.None);

    internal static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20, useAsync: false);
        return Convert.ToHexString(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false)).ToLowerInvariant();
    }
}
