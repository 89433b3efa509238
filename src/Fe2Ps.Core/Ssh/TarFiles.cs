using System.Formats.Tar;
using System.Globalization;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// Files as a tar stream over ssh, for computers without rsync (Windows above all). Names go through the archive, never
/// through a shell. What is here already with the same size and time is not fetched again.
/// </summary>
internal sealed class TarFiles(SshSession session)
{
    /// <summary>What a time may lose on its way through the archive (10 µs): a result that was written again is later by more.</summary>
    internal const long TicksLost = 100;

    /// <summary>What Windows' files get, which have no mode: a script among them must run.</summary>
    internal const UnixFileMode WindowsMode = (UnixFileMode)0b111_101_101;

    public async Task SendAsync(
        IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var folder = RemoteFolder.Quote(remoteFolder);
        var tail = new SshSession.ErrorTail();
        var exitCode = await session.PipeAsync(
            $"mkdir -p -- {folder} && exec tar -xpf - -C {folder}",
            (input, token) => WriteAsync(localPaths.SelectMany(Entries), input, report, token),
            (output, token) => SshProcess.PumpAsync(output, _ => { }, token),
            bytes => tail.Add(bytes.Span), cancellationToken).ConfigureAwait(false);
        Check(exitCode, tail.Text, $"Sending to {session.Target.Name}");
    }

    public async Task ReceiveAsync(
        string remoteFolder, string localFolder, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var folder = RemoteFolder.Quote(remoteFolder);
        var wanted = await ListAsync(folder, localFolder, cancellationToken).ConfigureAwait(false);
        if (wanted.Length == 0)
            return;
        var tail = new SshSession.ErrorTail();
        var exitCode = await session.PipeAsync(
            $"cd {folder} && exec tar --format=pax --hard-dereference -cf - --null --no-recursion -T -",
            async (input, token) => await input.WriteAsync(wanted, token).ConfigureAwait(false),
            (output, token) => ReadAsync(output, localFolder, report, token),
            bytes => tail.Add(bytes.Span), cancellationToken).ConfigureAwait(false);
        // tar ends with 1 when a file changed while it was read: the next pass brings the rest.
        Check(exitCode == 1 ? 0 : exitCode, tail.Text, $"Receiving from {session.Target.Name}");
    }

    /// <summary>The names, NUL-terminated, of what is missing here or differs.</summary>
    private async Task<byte[]> ListAsync(string folder, string localFolder, CancellationToken cancellationToken)
    {
        var result = await session.RunAsync(
            $"cd {folder} && find . -mindepth 1 \\( -type f -o -type d -o -type l \\) -printf '%y %s %T@ %P\\0'", null, cancellationToken)
            .ConfigureAwait(false);
        Check(result.ExitCode, result.ErrorText, $"Listing {session.Target.Name}");
        var names = new StringBuilder();
        foreach (var entry in result.OutputText.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = entry.Split(' ', 4);
            var here = new FileInfo(Path.Combine(localFolder, fields[3]));
            var same = fields[0] == "d" ? Directory.Exists(here.FullName)
                : fields[0] == "f" && here.Exists && here.Length == long.Parse(fields[1], CultureInfo.InvariantCulture)
                    && Math.Abs(here.LastWriteTimeUtc.Ticks - TicksOf(fields[2])) <= TicksLost;
            if (!same)
                names.Append("./").Append(fields[3]).Append('\0');
        }

        return Encoding.UTF8.GetBytes(names.ToString());
    }

    /// <summary>A file, or a folder and all that is in it, with the names they get in the archive.</summary>
    private static IEnumerable<(string Path, string Name)> Entries(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Entries(full, Path.GetFileName(full));
    }

    /// <summary>A file, or a folder and all that is in it, under another name.</summary>
    internal static IEnumerable<(string Path, string Name)> Entries(string path, string name)
    {
        IEnumerable<string> inside = Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null
            ? Directory.EnumerateFileSystemEntries(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            : [];
        return inside.Select(file => (file, name + "/" + Portable(Path.GetRelativePath(path, file)))).Prepend((path, name));
    }

    internal static async Task WriteAsync(
        IEnumerable<(string Path, string Name)> entries, Stream stream, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var (path, name) in entries)
        {
            report?.Report(new ProgressReport("Sending", name));
            if (new FileInfo(path) is { Exists: true, LinkTarget: null } file)
                await WriteFileAsync(tar, file, name, cancellationToken).ConfigureAwait(false);
            else
                await tar.WriteEntryAsync(path, name, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A regular file with the whole of its time: the writer's own way keeps full seconds alone, and every file would differ ever after.</summary>
    private static async Task WriteFileAsync(TarWriter tar, FileInfo file, string name, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, useAsync: false);
        await tar.WriteEntryAsync(
            new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, ModificationTime = file.LastWriteTimeUtc, Mode = OperatingSystem.IsWindows() ? WindowsMode : file.UnixFileMode },
            cancellationToken).ConfigureAwait(false);
    }

    private static string Portable(string path) => path.Replace('\\', OperatingSystem.IsWindows() ? '/' : '\\');

    internal static async Task ReadAsync(
        Stream stream, string folder, IProgress<Fe2Report>? report, CancellationToken cancellationToken, string? newName = null,
        IReadOnlySet<string>? asked = null, Action? leftOut = null)
    {
        await using var tar = new TarReader(stream, leaveOpen: true);
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            var path = Path.GetFullPath(Path.Combine(root, newName ?? entry.Name));
            // A machine must not be able to write anywhere else on this computer, nor what nobody asked for.
            if (asked?.Contains(entry.Name.TrimEnd('/')) == false || !(path + Path.DirectorySeparatorChar).StartsWith(root, StringComparison.Ordinal) || LeadsThroughLink(path, root))
                continue;
            report?.Report(new ProgressReport("Receiving", entry.Name));
            if (entry.EntryType == TarEntryType.Directory)
            {
                Directory.CreateDirectory(path);
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (entry.EntryType == TarEntryType.SymbolicLink)
            {
                if (!TryLink(path, entry.LinkName, root))
                    leftOut?.Invoke();
                continue;
            }

            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile))
                continue;
            if (new FileInfo(path).LinkTarget is not null)
                File.Delete(path);
            await entry.ExtractToFileAsync(path, overwrite: true, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a folder on the way from the root to this path is a link: one of this archive, or one that was here before.</summary>
    internal static bool LeadsThroughLink(string path, string root)
    {
        for (var above = Path.GetDirectoryName(path); above is not null && above.Length >= root.Length; above = Path.GetDirectoryName(above))
        {
            if (new DirectoryInfo(above).LinkTarget is not null)
                return true;
        }

        return false;
    }

    /// <summary>Seconds since 1970 with a fraction, as find prints them, in ticks since the year 1.</summary>
    internal static long TicksOf(string seconds) =>
        DateTime.UnixEpoch.Ticks + (long)(decimal.Parse(seconds, CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond);

    /// <summary>The other way round, with every digit that this computer has.</summary>
    internal static string SecondsOf(DateTime time) =>
        ((decimal)(time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond).ToString("0.0000000", CultureInfo.InvariantCulture);

    /// <summary>Makes a link, unless it leads out of the folder: the next entry could be written through it.</summary>
    private static bool TryLink(string path, string leadsTo, string root)
    {
        var end = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, leadsTo));
        if (OperatingSystem.IsWindows() || !end.StartsWith(root, StringComparison.Ordinal))
            return false;
        File.Delete(path);
        File.CreateSymbolicLink(path, leadsTo);
        return true;
    }

    private void Check(int exitCode, string errorText, string what) => Check(session, exitCode, errorText, what);

    internal static void Check(SshSession session, int exitCode, string errorText, string what)
    {
        if (exitCode == 0)
            return;
        // tar's words for a disk that took a part of a block, and for one that took nothing.
        var full = errorText.Split('\n').FirstOrDefault(
            line => line.Contains("No space left on device", StringComparison.Ordinal) || line.Contains("Wrote only", StringComparison.Ordinal));
        var cause = full?.Trim() ?? SshFailure.LastLine(errorText);
        throw full is not null
            ? SshErrors.DiskFull(session.Target, cause)
            : SshErrors.TransferFailed(session.Target, what, cause);
    }
}
