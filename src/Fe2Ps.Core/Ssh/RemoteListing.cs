using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>
/// The names of the files that a transfer is to bring, asked for beside it: when its connection is cut, the machine may be gone,
/// and only this list can tell what is missing.
/// </summary>
internal sealed class RemoteListing : IAsyncDisposable
{
    /// <summary>Nobody reads more names than this in a message, and a folder may hold millions.</summary>
    private const int MostBytes = 1 << 20;

    private readonly CancellationTokenSource _stop;
    private readonly Task<IReadOnlyList<string>> _names;

    public RemoteListing(SshSession session, FileTransfer transfer, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _names = AskAsync(session, transfer, _stop.Token);
    }

    /// <summary>The names, below the source folder; none where the answer did not come in time.</summary>
    public IReadOnlyList<string> Names => _names.IsCompletedSuccessfully ? _names.Result : [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await ((Task)_names).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static async Task<IReadOnlyList<string>> AskAsync(SshSession session, FileTransfer transfer, CancellationToken cancellationToken)
    {
        var names = transfer.Names.Count > 0 ? transfer.Names.Select(n => "./" + n) : ["."];
        var input = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(names.Select(n => n + "\0"))));
        var result = await session.RunAsync(
            "exec sh -c " + ShellQuote.Quote(
                $"cd -- {RemoteFolder.Quote(transfer.SourceFolder)} || exit; xargs -0 -r sh -c 'exec find \"$@\" -type f -print0' fe2 | head -c {MostBytes}"),
            input, cancellationToken).ConfigureAwait(false);
        // What head has cut off in its middle is no name.
        return [.. result.OutputText.Split('\0').SkipLast(1).Select(n => n.StartsWith("./", StringComparison.Ordinal) ? n[2..] : n)];
    }
}
