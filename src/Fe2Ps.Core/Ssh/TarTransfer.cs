using System.Globalization;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// A transfer of a copy where rsync is missing on one end: both ends are listed, and what differs travels, large files by sftp
/// and the others as one tar stream. Every file is compared by its SHA-256. A cut transfer goes on after the last whole file,
/// and in the middle of a large one.
/// </summary>
internal sealed class TarTransfer(SshSession session)
{
    /// <summary>sha256sum escapes odd names, so its lines are told by their beginning; their order is that of the names.</summary>
    private const string Hashes = "command -v sha256sum >/dev/null || exit 127; exec xargs -0 -r sha256sum --";

    /// <summary>What find prints of an entry: kind, size, time, permissions, name.</summary>
    private const string Find =
        "exec xargs -0 -r sh -c 'for n; do [ -e \"$n\" ] || [ -L \"$n\" ] || continue; "
        + "find \"$n\" \\( -type f -o -type d -o -type l \\) -printf \"%y %s %T@ %m %p\\\\0\" || exit; done' fe2";

    public Task RunAsync(FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report, CancellationToken cancellationToken) =>
        transfer.ToMachine
            ? SendAsync(transfer, tally, report, cancellationToken)
            : ReceiveAsync(transfer, tally, report, cancellationToken);

    private async Task SendAsync(FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<(string Path, string Name)> all = [];
        if (transfer.NewName is { } name)
        {
            var named = Path.Combine(transfer.SourceFolder, transfer.Names[0]);
            all.Add((new FileInfo(named).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? named, "./" + name));
        }
        else
        {
            IEnumerable<string> names = transfer.Names.Count > 0
                ? transfer.Names : Directory.EnumerateFileSystemEntries(transfer.SourceFolder).Select(p => Path.GetFileName(p));
            all.AddRange(names.SelectMany(n => TarFiles.Entries(Path.Combine(transfer.SourceFolder, n), "./" + n)));
        }

        var folder = RemoteFolder.Quote(transfer.TargetFolder);
        var there = await ListAsync(
            $"mkdir -p -- {folder} && cd -- {folder} || exit; {Find}",
            transfer.Names.Count > 0 ? [.. all.Select(e => Top(e.Name)).Distinct(StringComparer.Ordinal)] : ["."], cancellationToken).ConfigureAwait(false);
        var files = all.Where(e => IsFile(e.Path)).ToList();
        tally.Files += files.Count;
        tally.Bytes += files.Sum(e => new FileInfo(e.Path).Length);
        var equal = files.Where(e => there.TryGetValue(e.Name, out var entry) && entry.IsFile && IsSame(new FileInfo(e.Path), entry, transfer.ByContent)).ToList();
        if (transfer.ByContent)
            equal = await EqualAsync(folder, equal, cancellationToken).ConfigureAwait(false);
        HashSet<string> skip = [.. equal.Select(e => e.Name)];
        var sending = all.Where(e => !skip.Contains(e.Name) && !(there.TryGetValue(e.Name, out var entry) && entry.Kind == 'd' && !IsFile(e.Path))).ToList();
        tally.IsChecked = true;
        var large = sending.Where(e => IsFile(e.Path) && new FileInfo(e.Path).Length >= LargeFiles.From).ToList();
        await TarAsync(folder, [.. sending.Except(large), .. large], large.Count, tally, report, cancellationToken).ConfigureAwait(false);
        await CheckAsync(folder, [.. sending.Except(large).Where(e => IsFile(e.Path))], tally, cancellationToken).ConfigureAwait(false);
        if (!await Large(folder, transfer.TargetFolder, tally, report).SendAsync([.. large.Select(e => Sent(e, transfer.ByContent ? [] : there))], cancellationToken).ConfigureAwait(false))
        {
            await TarAsync(folder, large, 0, tally, report, cancellationToken).ConfigureAwait(false);
            await CheckAsync(folder, large, tally, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="file">A large file that is to be sent.</param>
    /// <param name="there">What is there, where its content was not yet compared.</param>
    private static LargeFile Sent((string Path, string Name) file, Dictionary<string, Entry> there)
    {
        var here = new FileInfo(file.Path);
        var mode = OperatingSystem.IsWindows() ? TarFiles.WindowsMode : here.UnixFileMode | UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new LargeFile(
            file.Path, Plain(file.Name), here.Length, TarFiles.SecondsOf(here.LastWriteTimeUtc), Convert.ToString((int)mode & 0b111_111_111, 8),
            there.TryGetValue(file.Name, out var entry) && entry.IsFile && entry.Size == here.Length);
    }

    private LargeFiles Large(string folder, string path, TransferTally tally, IProgress<Fe2Report>? report) => new(
        session, path, async (name, token) => (await HashesAsync(folder, [("", "./" + name)], token).ConfigureAwait(false))?[0], tally, report);

    /// <param name="sending">What is to travel, in its order.</param>
    /// <param name="later">How many of them, at the end, travel another way.</param>
    private async Task TarAsync(
        string folder, List<(string Path, string Name)> sending, int later, TransferTally tally, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        tally.Left = sending.Count;
        tally.Missing = () => sending.TakeLast((int)(tally.Left ?? 0)).Where(e => IsFile(e.Path)).Select(e => e.Path);
        if (sending.Count == later)
            return;
        var tail = new SshSession.ErrorTail();
        var exitCode = await session.PipeAsync(
            $"exec tar -xpf - -C {folder}",
            (input, token) => TarFiles.WriteAsync(sending.SkipLast(later), input, new Counting(tally, report), token),
            (output, token) => SshProcess.PumpAsync(output, _ => { }, token),
            bytes => tail.Add(bytes.Span), cancellationToken).ConfigureAwait(false);
        TarFiles.Check(session, exitCode, tail.Text, $"Sending to {session.Target.Name}");
    }

    private async Task ReceiveAsync(FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(transfer.TargetFolder);
        var folder = RemoteFolder.Quote(transfer.SourceFolder);
        var follow = transfer.NewName is not null ? "-L " : "";
        var there = await ListAsync(
            $"cd -- {folder} || exit; {Find.Replace("find \"", $"find {follow}\"", StringComparison.Ordinal)}",
            transfer.Names.Count > 0 ? [.. transfer.Names.Select(n => "./" + n)] : ["."], cancellationToken).ConfigureAwait(false);
        there.Remove(".");
        HashSet<string> tops = [.. transfer.Names.Select(n => "./" + n)];
        foreach (var name in there.Keys.Where(n => !n.StartsWith("./", StringComparison.Ordinal) || n.Split('/').Contains("..") || (tops.Count > 0 && !tops.Contains(Top(n)))).ToList())
            there.Remove(name);
        string Here(string name) => Path.Combine(transfer.TargetFolder, transfer.NewName ?? name);
        var files = there.Where(e => e.Value.IsFile).ToList();
        tally.Files += files.Count;
        tally.Bytes += files.Sum(e => e.Value.Size);
        var equal = files.Select(e => (Path: Here(e.Key), Name: e.Key))
            .Where(e => new FileInfo(e.Path) is { Exists: true } here && IsSame(here, there[e.Name], transfer.ByContent)).ToList();
        if (transfer.ByContent)
            equal = await EqualAsync(folder, equal, cancellationToken).ConfigureAwait(false);
        HashSet<string> skip = [.. equal.Select(e => e.Name)];
        var root = Path.GetFullPath(transfer.TargetFolder) + Path.DirectorySeparatorChar;
        // What leads elsewhere on this computer is left to the archive's reader, which refuses it.
        bool IsLarge(string name) => there[name] is { IsFile: true, Size: >= LargeFiles.From } entry
            && Received(name, entry, Here(name), false).PartialHere is var path && path.StartsWith(root, StringComparison.Ordinal) && !TarFiles.LeadsThroughLink(path, root);
        List<string> all = [.. there.Keys.Where(n => !skip.Contains(n))], large = [.. all.Where(IsLarge)], small = [.. all.Except(large)];
        tally.Left = all.Count;
        tally.Missing = () => small.Concat(large).TakeLast((int)(tally.Left ?? 0)).Where(n => there[n].IsFile).Select(Plain);
        tally.IsChecked = true;
        await UntarAsync(small).ConfigureAwait(false);
        if (!await Large(folder, transfer.SourceFolder, tally, report).ReceiveAsync([.. large.Select(n => Received(n, there[n], Here(n), !transfer.ByContent))], cancellationToken).ConfigureAwait(false))
            await UntarAsync(large).ConfigureAwait(false);

        async Task UntarAsync(List<string> wanted)
        {
            if (wanted.Count == 0)
                return;
            var tail = new SshSession.ErrorTail();
            var exitCode = await session.PipeAsync(
                $"cd -- {folder} && exec tar --format=pax --hard-dereference {(follow.Length > 0 ? "-h " : "")}-cf - --null --no-recursion -T -",
                async (input, token) => await input.WriteAsync(Lines(wanted), token).ConfigureAwait(false),
                (output, token) => TarFiles.ReadAsync(output, transfer.TargetFolder, new Counting(tally, report), token, transfer.NewName, wanted.ToHashSet(StringComparer.Ordinal), () => tally.LinksLeftOut++),
                bytes => tail.Add(bytes.Span), cancellationToken).ConfigureAwait(false);
            TarFiles.Check(session, exitCode == 1 ? 0 : exitCode, tail.Text, $"Receiving from {session.Target.Name}");
            await CheckAsync(folder, [.. wanted.Where(n => there[n].IsFile).Select(n => (Here(n), n))], tally, cancellationToken).ConfigureAwait(false);
        }
    }

    private static LargeFile Received(string name, Entry entry, string path, bool mayBeHere) => new(
        Path.GetFullPath(path), Plain(name), entry.Size, entry.Seconds, entry.Mode,
        mayBeHere && new FileInfo(path) is { Exists: true, LinkTarget: null } here && here.Length == entry.Size);

    /// <summary>Compares what has travelled by its content.</summary>
    private async Task CheckAsync(
        string folder, List<(string Path, string Name)> sent, TransferTally tally, CancellationToken cancellationToken)
    {
        var names = await HashesAsync(folder, sent, cancellationToken).ConfigureAwait(false);
        tally.FilesSent += sent.Count;
        tally.BytesSent += sent.Sum(e => new FileInfo(e.Path).Length);
        tally.IsChecked &= names is not null;
        for (var i = 0; names is not null && i < sent.Count; i++)
        {
            if (names[i] != await LargeFiles.HashAsync(sent[i].Path, cancellationToken).ConfigureAwait(false))
            {
                throw SshErrors.TransferFailed(
                    session.Target, "The comparison of both ends", $"'{sent[i].Name}' differs by its SHA-256; it may have been written to meanwhile.");
            }
        }
    }

    private async Task<List<(string Path, string Name)>> EqualAsync(
        string folder, List<(string Path, string Name)> candidates, CancellationToken cancellationToken)
    {
        if (await HashesAsync(folder, candidates, cancellationToken).ConfigureAwait(false) is not { } hashes)
            return [];
        var equal = new List<(string, string)>();
        for (var i = 0; i < candidates.Count; i++)
        {
            if (hashes[i] == await LargeFiles.HashAsync(candidates[i].Path, cancellationToken).ConfigureAwait(false))
                equal.Add(candidates[i]);
        }

        return equal;
    }

    /// <summary>The SHA-256 of these files there, in their order, or null where the machine cannot tell all of them.</summary>
    private async Task<List<string>?> HashesAsync(string folder, List<(string Path, string Name)> files, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
            return [];
        var result = await session.RunAsync(
            $"cd -- {folder} || exit; {Hashes}", new MemoryStream(Lines(files.Select(f => f.Name))), cancellationToken).ConfigureAwait(false);
        List<string> hashes = [.. result.OutputText.Split('\n').Select(l => l.TrimStart('\\')).Where(l => l.Length > 66 && l[..64].All(char.IsAsciiHexDigitLower)).Select(l => l[..64])];
        return result.ExitCode == 0 && hashes.Count == files.Count ? hashes : null;
    }

    private async Task<Dictionary<string, Entry>> ListAsync(string command, List<string> names, CancellationToken cancellationToken)
    {
        var result = await session.RunAsync(command, new MemoryStream(Lines(names)), cancellationToken).ConfigureAwait(false);
        TarFiles.Check(session, result.ExitCode, result.ErrorText, $"Listing {session.Target.Name}");
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var text in result.OutputText.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = text.Split(' ', 5);
            entries[fields[4]] = new Entry(fields[0][0], long.Parse(fields[1], CultureInfo.InvariantCulture), fields[2], fields[3]);
        }

        return entries;
    }

    private static byte[] Lines(IEnumerable<string> names) => Encoding.UTF8.GetBytes(string.Concat(names.Select(n => n + "\0")));

    /// <summary>A link stands for itself: it has no content of its own to compare.</summary>
    private static bool IsFile(string path) => new FileInfo(path) is { Exists: true, LinkTarget: null };

    private static bool IsSame(FileInfo here, Entry there, bool byContent) =>
        here.Length == there.Size && (byContent || Math.Abs(here.LastWriteTimeUtc.Ticks - TarFiles.TicksOf(there.Seconds)) <= TarFiles.TicksLost);

    private static string Plain(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;

    private static string Top(string name) => name.IndexOf('/', 2) is > 0 and var end ? name[..end] : name;

    private sealed record Entry(char Kind, long Size, string Seconds, string Mode)
    {
        public bool IsFile => Kind == 'f';
    }

    /// <summary>Counts down while entries pass.</summary>
    private sealed class Counting(TransferTally tally, IProgress<Fe2Report>? report) : IProgress<Fe2Report>
    {
        private readonly long _all = tally.Left ?? 0;

        public void Report(Fe2Report value)
        {
            var left = --tally.Left ?? 0;
            report?.Report(value is ProgressReport progress && _all > 0
                ? progress with { Percent = (int)Math.Clamp(100 * (_all - left - 1) / _all, 0, 100) } : value);
        }
    }
}
