using System.Diagnostics;

namespace Fe2Ps.Core.Ssh;

/// <summary>Open tunnels: an ssh process that lives until this is disposed.</summary>
internal sealed class SshTunnels : IAsyncDisposable
{
    private const string Ready = "fe2-tunnels-open";

    private readonly Process _process;
    private readonly Task _error;

    private SshTunnels(Process process, Task error)
    {
        _process = process;
        _error = error;
    }

    public static async Task<SshTunnels> OpenAsync(
        SshTarget target, SshCommandLine commandLine, IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken)
    {
        // ssh opens its forwards before the command runs, and with ExitOnForwardFailure there is no command without them.
        // cat ends when this process closes its input, so nothing stays behind there either.
        var process = SshProcess.Start(SshCommandLine.Program, commandLine.Tunnels(target, tunnels, $"echo {Ready}; exec cat >/dev/null"));
        var tail = new SshSession.ErrorTail();
        var error = SshProcess.PumpAsync(process.StandardError.BaseStream, bytes => tail.Add(bytes.Span), CancellationToken.None);
        var opened = new SshTunnels(process, error);
        try
        {
            string? line;
            do
                line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            while (line is not (null or Ready));
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

    public async ValueTask DisposeAsync()
    {
        SshProcess.Kill(_process);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _error.ConfigureAwait(false);
        _process.Dispose();
    }
}
