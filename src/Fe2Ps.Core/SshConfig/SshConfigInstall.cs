using System.Text;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.SshConfig;

/// <summary>
/// Makes plain <c>ssh od1</c> work: keeps a file with the blocks in the Fe2 folder and one line in <c>~/.ssh/config</c> that
/// includes it. Everything else in that file stays as it is, byte for byte.
/// </summary>
/// <param name="session">Whose machines, and whose folders.</param>
public sealed class SshConfigInstall(Fe2Session session)
{
    private const string FileName = "ssh_config";
    private const int Attempts = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The file with the blocks.</summary>
    public string FilePath => session.Folder.PathOf(FileName);

    /// <summary>The user's own file.</summary>
    public string UserFile => Path.Combine(session.Environment.HomeFolder, ".ssh", "config");

    /// <summary>How the user's own file was before the line was added.</summary>
    public string BackupFile => UserFile + ".before-fe2ps";

    private string Line => SshConfigText.Include(FilePath);

    /// <summary>Writes blocks, and adds the line to the user's file unless it is there.</summary>
    /// <param name="entries">The blocks.</param>
    /// <param name="isWhole">Whether these are all of the place's machines: blocks of others go.</param>
    /// <param name="existing">The ids of all instances of the place.</param>
    /// <param name="cancellationToken">Ends the wait for another session that writes.</param>
    /// <exception cref="Fe2Exception"><c>SshConfigText</c>: the Fe2 folder's path cannot be written in ssh_config.</exception>
    /// <exception cref="IOException">This computer refuses it.</exception>
    public async Task InstallAsync(
        IReadOnlyList<SshConfigEntry> entries, bool isWhole, IReadOnlySet<string> existing, CancellationToken cancellationToken = default)
    {
        string line = Line;
        await using FileStream held = await LockAsync(cancellationToken).ConfigureAwait(false);
        SshConfigBook book = SshConfigBook.Read(session.Folder.TryRead(FileName));
        book.Put(session, entries, isWhole, existing);
        session.Folder.Write(book.ToString(), FileName);

        byte[]? now = Current();
        if (now is not null && Find(now, line) is not null)
            return;
        Fe2Folder.EnsurePrivate(Path.GetDirectoryName(UserFile)!);
        if (now is not null)
            Replace(BackupFile, now);
        // At the top: within a Host block further down the line would hold for that host alone.
        Replace(UserFile, [.. Encoding.UTF8.GetBytes(line + "\n"), .. now ?? []]);
    }

    /// <summary>Takes the line out of the user's file and removes the file with the blocks. Says whether there was anything.</summary>
    /// <exception cref="IOException">This computer refuses it.</exception>
    public async Task<bool> UninstallAsync(CancellationToken cancellationToken = default)
    {
        string line = Line;
        await using FileStream held = await LockAsync(cancellationToken).ConfigureAwait(false);
        bool was = File.Exists(FilePath);
        byte[]? now = Current();
        if (now is not null && Find(now, line) is { } found)
        {
            was = true;
            byte[] rest = [.. now[..found.Start], .. now[found.End..]];
            // What was made for the line alone goes with it.
            if (rest.Length == 0 && !File.Exists(BackupFile)) File.Delete(UserFile);
            else Replace(UserFile, rest);
        }

        File.Delete(FilePath);
        return was;
    }

    /// <summary>Where the line stands in a file, its line end included.</summary>
    private static (int Start, int End)? Find(byte[] file, string line)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(line);
        for (int start = 0; start < file.Length;)
        {
            int feed = Array.IndexOf(file, (byte)'\n', start);
            int end = feed < 0 ? file.Length : feed + 1;
            ReadOnlySpan<byte> text = file.AsSpan(start, (feed < 0 ? file.Length : feed) - start).TrimEnd((byte)'\r');
            if (text.SequenceEqual(wanted)) return (start, end);
            start = end;
        }

        return null;
    }

    private byte[]? Current() => File.Exists(UserFile) ? File.ReadAllBytes(UserFile) : null;

    /// <summary>Replaces a file as a whole, mode 0600. A link (as keepers of dot files make them) stays a link.</summary>
    private static void Replace(string path, byte[] bytes)
    {
        string target = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
        string fresh = $"{target}.{Environment.ProcessId}.{Guid.NewGuid():N}.new";
        try
        {
            using (FileStream stream = Fe2Folder.OpenPrivate(fresh, FileMode.CreateNew)) stream.Write(bytes);
            File.Move(fresh, target, overwrite: true);
        }
        finally
        {
            File.Delete(fresh);
        }
    }

    /// <summary>Two sessions that install at once write one after the other.</summary>
    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        session.Folder.Ensure();
        for (int left = Attempts; ; left--)
        {
            try
            {
                return Fe2Folder.OpenPrivate(session.Folder.PathOf(FileName + ".lock"), FileMode.OpenOrCreate, FileShare.None);
            }
            catch (IOException) when (left > 0)
            {
                await Task.Delay(Pause, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
