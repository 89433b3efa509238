using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>Commands and files on one machine, each through one ssh process over the shared connection.</summary>
internal sealed class SshSession(SshTarget target, SshConnector connector, SshCommandLine commandLine, SshChannels channels) : ISshSession
{
    private const int ConnectionFailed = 255;

    private bool _mayHaveRsync = true;

    /// <inheritdoc/>
    public SshTarget Target => target;

    internal SshCommandLine CommandLine => commandLine;

    internal SshOptions Options => connector.Options;

    /// <inheritdoc/>
    public async Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        var exitCode = await StreamAsync(
            command, piece => (piece.IsError ? error : output).Write(piece.Bytes.Span), input, cancellationToken).ConfigureAwait(false);
        return new SshResult(exitCode, output.ToArray(), error.ToArray());
    }

    /// <inheritdoc/>
    public Task<int> StreamAsync(
        string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default)
    {
        var gate = new object();
        return PipeAsync(
            command,
            input is null ? null : (stream, token) => input.CopyToAsync(stream, token),
            (stream, token) => SshProcess.PumpAsync(stream, bytes => Pass(isError: false, bytes), token),
            bytes => Pass(isError: true, bytes),
            cancellationToken);

        void Pass(bool isError, ReadOnlyMemory<byte> bytes)
        {
            lock (gate)
                output(new SshOutput(isError, bytes));
        }
    }

    /// <summary>Runs a command with both of its streams in the caller's hands.</summary>
    internal async Task<int> PipeAsync(
        string command,
        Func<Stream, CancellationToken, Task>? writeInput,
        Func<Stream, CancellationToken, Task> readOutput,
        Action<ReadOnlyMemory<byte>> onError,
        CancellationToken cancellationToken)
    {
        var exit = new RemoteExit();
        var tail = new ErrorTail();
        var sharing = channels.Enter();
        try
        {
            var exitCode = await SshProcess.RunAsync(
                SshCommandLine.Program, commandLine.Command(target, exit.Wrap(command), sharing), writeInput, readOutput,
                bytes => exit.Filter(bytes, Pass), cancellationToken).ConfigureAwait(false);
            exit.Finish(Pass);
            return exitCode == ConnectionFailed && !exit.IsRemote255
                ? throw SshFailure.Explain(target, tail.Text, connector.KnownHosts.Find(target.InstanceId))
                : exitCode;
        }
        finally
        {
            channels.Leave();
        }

        void Pass(ReadOnlyMemory<byte> bytes)
        {
            tail.Add(bytes.Span);
            onError(bytes);
        }
    }

    /// <summary>Speaks with a subsystem of sshd. False where the machine has none of this name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="writeInput">Writes what it reads.</param>
    /// <param name="readOutput">Reads what it writes.</param>
    /// <param name="hasAnswered">Whether it has said anything.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<bool> SubsystemAsync(
        string name, Func<Stream, CancellationToken, Task> writeInput, Func<Stream, CancellationToken, Task> readOutput, Func<bool> hasAnswered,
        CancellationToken cancellationToken)
    {
        var tail = new ErrorTail();
        var sharing = channels.Enter();
        try
        {
            var exitCode = await SshProcess.RunAsync(
                SshCommandLine.Program, commandLine.Subsystem(target, name, sharing), writeInput, readOutput, bytes => tail.Add(bytes.Span),
                cancellationToken).ConfigureAwait(false);
            if (exitCode == 0)
                return true;
            if (hasAnswered())
                throw SshFailure.Explain(target, tail.Text, connector.KnownHosts.Find(target.InstanceId));
        }
        finally
        {
            channels.Leave();
        }

        // Over a shared connection ssh does not say that sshd refuses a subsystem. A machine that takes commands has none; of one
        // that does not, this says why.
        await RunAsync("true", null, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <inheritdoc/>
    public async Task SendAsync(
        IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        foreach (var path in localPaths)
        {
            if (!File.Exists(path) && !Directory.Exists(path))
                throw SshErrors.LocalFileMissing(path);
        }

        if (localPaths.Count == 0)
            return;
        if (!await ByRsyncAsync(rsync => rsync.SendAsync(localPaths, remoteFolder, report, cancellationToken)).ConfigureAwait(false))
            await new TarFiles(this).SendAsync(localPaths, remoteFolder, report, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task ReceiveAsync(
        string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(localFolder);
        if (!await ByRsyncAsync(rsync => rsync.ReceiveAsync(remoteFolder, localFolder, report, cancellationToken)).ConfigureAwait(false))
            await new TarFiles(this).ReceiveAsync(remoteFolder, localFolder, report, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task TransferAsync(
        FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        if (!await ByRsyncAsync(rsync => rsync.TransferAsync(transfer, tally, report, cancellationToken)).ConfigureAwait(false))
            await new TarTransfer(this).RunAsync(transfer, tally, report, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default) =>
        await SshTunnels.OpenAsync(target, commandLine, tunnels, null, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<ISshTunnels> HoldTunnelsAsync(
        IReadOnlyList<Tunnel> tunnels, Action? onRefused = null, CancellationToken cancellationToken = default) =>
        await SshTunnels.OpenAsync(target, commandLine, tunnels, onRefused, cancellationToken).ConfigureAwait(false);

    /// <summary>The session holds nothing of its own: the shared connection closes by itself when nobody uses it.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Does it by rsync; false where one end has none. That the machine has it is found out by using it.</summary>
    private async Task<bool> ByRsyncAsync(Func<RsyncFiles, Task<bool>> transfer)
    {
        if (!_mayHaveRsync || !Options.UseRsync || !RsyncFiles.IsHere)
            return false;
        return _mayHaveRsync = await transfer(new RsyncFiles(this)).ConfigureAwait(false);
    }

    /// <summary>The end of standard error, enough to read ssh's own messages in it.</summary>
    internal sealed class ErrorTail
    {
        private const int Most = 8 * 1024;

        private readonly List<byte> _bytes = [];

        public string Text => Encoding.UTF8.GetString(_bytes.ToArray());

        public void Add(ReadOnlySpan<byte> bytes)
        {
            _bytes.AddRange(bytes.Length > Most ? bytes[^Most..] : bytes);
            if (_bytes.Count > 2 * Most)
                _bytes.RemoveRange(0, _bytes.Count - Most);
        }
    }
}
