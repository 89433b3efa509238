using System.Diagnostics;
using System.Globalization;

namespace Fe2Ps.Core.Ssh;

/// <summary>Open tunnels. Disposing closes them.</summary>
public interface ISshTunnels : IAsyncDisposable
{
    /// <summary>Ports of the machine on which nothing listened when the tunnels opened.</summary>
    IReadOnlyList<int> SilentPorts { get; }

    /// <summary>Ends when the tunnels are closed, by whomever, with ssh's last words.</summary>
    Task<string> Ended { get; }
}

/// <summary>Open tunnels: an ssh process that lives until this is disposed.</summary>
internal sealed class SshTunnels : ISshTunnels
{
    private const string Ready = "fe2-tunnels-open";
    private const string Silent = "fe2-silent ";

    private readonly Process _process;
    private readonly Task _error;
    private readonly List<int> _silent = [];

    private SshTunnels(Process process, Task error, SshSession.ErrorTail tail)
    {
        _process = process;
        _error = error;
        Ended = EndAsync(tail);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> SilentPorts => _silent;

    /// <inheritdoc/>
    public Task<string> Ended { get; }

    /// <param name="onRefused">Called when the machine refuses a connection through a tunnel: nothing listens there.</param>
    public static async Task<SshTunnels> OpenAsync(
        SshTarget target, SshCommandLine commandLine, IReadOnlyList<Tunnel> tunnels, Action? onRefused, CancellationToken cancellationToken)
    {
        // ssh opens its forwards before the command runs, and with ExitOnForwardFailure there is no command without them.
        // cat ends when this process closes its input, so nothing stays behind there either.
        var command = string.Concat(tunnels.Select(t => ListensOn(t.RemotePort) + $" || echo '{Silent}{t.RemotePort}'; ")) + $"echo {Ready}; exec cat >/dev/null";
        var process = SshProcess.Start(SshCommandLine.Program, commandLine.Tunnels(target, tunnels, "exec sh -c " + ShellQuote.Quote(command)));
        var tail = new SshSession.ErrorTail();
        var error = SshProcess.PumpAsync(
            process.StandardError.BaseStream,
            bytes =>
            {
                tail.Add(bytes.Span);
                if (bytes.Span.IndexOf("open failed: connect failed"u8) >= 0)
                    onRefused?.Invoke();
            },
            CancellationToken.None);
        var opened = new SshTunnels(process, error, tail);
        try
        {
            string? line;
            while ((line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false)) is not (null or Ready))
            {
                if (line.StartsWith(Silent, StringComparison.Ordinal))
                    opened._silent.Add(int.Parse(line[Silent.Length..], CultureInfo.InvariantCulture));
            }

            if (line is not null)
                return opened;
            await error.ConfigureAwait(false);
            throw tail.Text.Contains("forward", StringComparison.OrdinalIgnoreCase) || tail.Text.Contains("bind", StringComparison.Ordinal)
                ? SshErrors.TunnelFailed(target, string.Join(' ', tail.Text.Split('\n', StringSplitOptions.TrimEntries)).Trim())
                : SshFailure.Explain(target, tail.Text, null);
        }
        catch
        {
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A command that succeeds where something listens on a port of the machine (proc(5): state 0A is LISTEN). A system without /proc counts as listening.</summary>
    public static string ListensOn(int port) =>
        $"{{ [ ! -r /proc/net/tcp ] || cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -qE ':{port:X4} [0-9A-F]+:0000 0A'; }}";

    public async ValueTask DisposeAsync()
    {
        SshProcess.Kill(_process);
        await Ended.ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task<string> EndAsync(SshSession.ErrorTail tail)
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        try
        {
            await _error.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe went with the process: what had been said until then is what there is.
        }

        return SshFailure.LastLine(tail.Text);
    }
}
