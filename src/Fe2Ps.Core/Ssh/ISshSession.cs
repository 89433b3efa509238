namespace Fe2Ps.Core.Ssh;

/// <summary>Commands and files on one machine.</summary>
public interface ISshSession : IAsyncDisposable
{
    /// <summary>The machine.</summary>
    SshTarget Target { get; }

    /// <summary>Runs a command to its end and returns all it wrote. <paramref name="command"/> is text for the remote shell: build it with <see cref="ShellQuote"/>.</summary>
    /// <exception cref="Fe2Exception"><c>ConnectionCut</c>, <c>SshUnreachable</c>, <c>SshKeyRefused</c>, <c>HostKeyChanged</c>. A command that fails is no exception: see the exit code.</exception>
    Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs a command and hands over its output as it comes. Returns the exit code.
    /// Cancelling closes the channel; the remote command ends when it next reads or writes.
    /// </summary>
    /// <exception cref="Fe2Exception">As <see cref="RunAsync"/>.</exception>
    Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Copies local files and folders into a folder of the machine, which is made when missing. A relative
    /// <paramref name="remoteFolder"/> starts at the home folder. With rsync on both sides a cut transfer goes on where it
    /// stopped; without, whole files are sent as a tar stream.
    /// </summary>
    Task SendAsync(
        IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Copies what is in a folder of the machine into a local folder, which is made when missing. What is already here and
    /// equal (size and time) is not sent again; nothing here is deleted.
    /// </summary>
    Task ReceiveAsync(
        string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Copies by name, in either direction, and counts. A cut transfer goes on in the middle of a file; without rsync on both
    /// sides, of one of 4 MiB and more, by sftp. Each file that travels is compared by a checksum.
    /// </summary>
    /// <exception cref="Fe2Exception">As <see cref="RunAsync"/>, <c>DiskFull</c>, <c>TransferFailed</c>.</exception>
    Task TransferAsync(
        FileTransfer transfer, TransferTally tally, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("This session carries no files.");

    /// <summary>Opens tunnels that last until the returned object is disposed. Returns when they are ready.</summary>
    /// <exception cref="Fe2Exception"><c>TunnelFailed</c>: a local port is taken.</exception>
    Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="OpenTunnelsAsync"/>, and tells when they end and when nothing listens at their far end.</summary>
    /// <param name="tunnels">The tunnels.</param>
    /// <param name="onRefused">Called, on another thread, when the machine refuses a connection that came through a tunnel.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="Fe2Exception"><c>TunnelFailed</c>: a local port is taken; or a failure to connect.</exception>
    Task<ISshTunnels> HoldTunnelsAsync(
        IReadOnlyList<Tunnel> tunnels, Action? onRefused = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("This session has no tunnels.");
}

/// <summary>What a finished command left behind.</summary>
/// <param name="ExitCode">The remote exit code; 128 + n for a signal n.</param>
/// <param name="Output">Standard output, byte for byte.</param>
/// <param name="Error">Standard error, byte for byte.</param>
public sealed record SshResult(int ExitCode, byte[] Output, byte[] Error)
{
    /// <summary>Standard output as UTF-8 text.</summary>
    public string OutputText => System.Text.Encoding.UTF8.GetString(Output);

    /// <summary>Standard error as UTF-8 text.</summary>
    public string ErrorText => System.Text.Encoding.UTF8.GetString(Error);
}

/// <summary>A piece of output, as it arrived.</summary>
/// <param name="IsError">True for standard error.</param>
/// <param name="Bytes">The bytes; a character may be split between two pieces. Valid during the call only.</param>
public readonly record struct SshOutput(bool IsError, ReadOnlyMemory<byte> Bytes);
