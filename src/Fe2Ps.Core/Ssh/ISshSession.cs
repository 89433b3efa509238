namespace Fe2Ps.Core.Ssh;

/// <summary>Commands and files on one machine.</summary>
public interface ISshSession : IAsyncDisposable
{
    /// <summary>The machine.</summary>
    SshTarget Target { get; }

    /// <summary>Runs a command to its end and returns all it wrote. <paramref name="command"/> is text for the remote shell: build it with <c>ShellQuote</c>.</summary>
    Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default);

    /// <summary>Runs a command and hands over its output as it comes. Returns the exit code.</summary>
    Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default);
}

/// <summary>What a finished command left behind.</summary>
/// <param name="ExitCode">The remote exit code; 128 + n for a signal n.</param>
/// <param name="Output">Standard output, byte for byte.</param>
/// <param name="Error">Standard error, byte for byte.</param>
public sealed record SshResult(int ExitCode, byte[] Output, byte[] Error);

/// <summary>A piece of output, as it arrived.</summary>
/// <param name="IsError">True for standard error.</param>
/// <param name="Bytes">The bytes; a character may be split between two pieces.</param>
public readonly record struct SshOutput(bool IsError, ReadOnlyMemory<byte> Bytes);
