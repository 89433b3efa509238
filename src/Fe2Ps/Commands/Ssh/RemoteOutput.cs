using System.Management.Automation;
using System.Threading.Channels;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Commands;

/// <summary>Where one machine's output goes.</summary>
internal sealed record RemoteSink
{
    /// <summary>Takes records, in order; whoever calls it waits until they are taken.</summary>
    public required Func<IReadOnlyList<RemoteRecord>, Task> TakeAsync { get; init; }

    /// <summary>True where lines are kept for an object at the end.</summary>
    public bool Collect { get; init; }

    /// <summary>A file that takes standard output as it is, or null.</summary>
    public Stream? File { get; init; }

    /// <summary>Whether standard error is told as errors; otherwise it is only shown.</summary>
    public bool ErrorsAreRecords { get; init; } = true;
}

/// <summary>
/// Output of one machine on its way to where it belongs. A few pieces wait here; then the machine waits, so that one which
/// writes faster than it is read fills no memory.
/// </summary>
internal sealed class RemoteOutput(Origin origin, IRemoteDecoder decoder, RemoteSink sink)
{
    /// <summary>How many pieces wait, of 64 KB at most.</summary>
    private const int Waiting = 16;

    private readonly OutputLines _errorLines = new();
    private readonly Channel<(bool IsError, byte[] Bytes)> _pieces =
        Channel.CreateBounded<(bool, byte[])>(new BoundedChannelOptions(Waiting) { SingleReader = true });

    /// <summary>Lines of standard output, where they are collected.</summary>
    public List<string> Output { get; } = [];

    /// <summary>Lines of standard error, where they are collected.</summary>
    public List<string> Error { get; } = [];

    /// <summary>The last line of standard error that is not empty.</summary>
    public string? LastError { get; private set; }

    /// <summary>Runs what produces output, and returns its result when all of it has been taken.</summary>
    public async Task<int> RunAsync(Func<Action<SshOutput>, Task<int>> produce, CancellationToken stop)
    {
        Task passing = PassAsync();
        int code;
        try
        {
            code = await produce(piece => Add(piece, stop)).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // Nobody takes anything any more; why, the other side knows.
            await passing.ConfigureAwait(false);
            throw;
        }
        finally
        {
            _pieces.Writer.TryComplete();
        }

        await passing.ConfigureAwait(false);
        return code;
    }

    private void Add(SshOutput piece, CancellationToken stop)
    {
        if (!piece.IsError && sink.File is { } file)
        {
            file.Write(piece.Bytes.Span);
            return;
        }

        (bool, byte[]) kept = (piece.IsError, piece.Bytes.ToArray());
        if (!_pieces.Writer.TryWrite(kept)) _pieces.Writer.WriteAsync(kept, stop).AsTask().GetAwaiter().GetResult();
    }

    private async Task PassAsync()
    {
        try
        {
            await foreach ((bool isError, byte[] bytes) in _pieces.Reader.ReadAllAsync().ConfigureAwait(false))
                await TakeAsync(isError ? Errors(_errorLines.Add(bytes)) : decoder.Add(bytes)).ConfigureAwait(false);
            await TakeAsync(decoder.Finish()).ConfigureAwait(false);
            if (_errorLines.Finish() is { } last) await TakeAsync(Errors([last])).ConfigureAwait(false);
        }
        catch (Exception refusal)
        {
            _pieces.Writer.TryComplete(refusal);
            throw;
        }
    }

    private async Task TakeAsync(IEnumerable<RemoteRecord> records)
    {
        List<RemoteRecord> all = [.. records];
        if (sink.Collect)
        {
            Output.AddRange(all.Where(r => r.Stream == RemoteStream.Output).Select(r => r.Value as string ?? $"{r.Value}"));
            Error.AddRange(all.Where(r => r.Stream == RemoteStream.Error).Select(r => ((ErrorRecord)r.Value).Exception.Message));
            all.RemoveAll(r => r.Stream is RemoteStream.Output or RemoteStream.Error);
        }

        if (all.Count > 0) await sink.TakeAsync(all).ConfigureAwait(false);
    }

    private IEnumerable<RemoteRecord> Errors(List<string> lines)
    {
        LastError = lines.FindLast(l => l.Trim().Length > 0) ?? LastError;
        return lines.Where(line => line != RemoteCommand.NoPowerShell).Select(line => sink.ErrorsAreRecords || sink.Collect
            ? new RemoteRecord(RemoteStream.Error, Record(line))
            : new RemoteRecord(RemoteStream.Information, Announcement.Shown($"{origin.Name}: {line}", "Fe2StandardError")));
    }

    private ErrorRecord Record(string line) => new(new RemoteException(line), "RemoteStandardError", ErrorCategory.FromStdErr, origin.Name)
    {
        ErrorDetails = new ErrorDetails($"{origin.Name}: {line}"),
    };
}
