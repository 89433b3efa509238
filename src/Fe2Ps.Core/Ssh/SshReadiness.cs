using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>Finds the moment from which a machine that has just been started takes commands.</summary>
internal sealed class SshReadiness(SshConnector connector, SshCommandLine commandLine, TimeProvider time)
{
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>A machine that refuses has its network up and sshd in sight.</summary>
    private static readonly TimeSpan ProbeRefusedEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);

    /// <summary>sshd may be up before cloud-init has written the user's key: for so long a refusal is not believed.</summary>
    private static readonly TimeSpan RefusalGrace = TimeSpan.FromSeconds(30);

    public async Task<string> WaitAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var endpoint = await EndpointAsync(target, cancellationToken).ConfigureAwait(false);
        long? firstRefusal = null;
        var detail = "the port does not answer.";
        while (true)
        {
            var left = timeout - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw SshErrors.NotReady(target, timeout, detail);
            report?.Report(new ProgressReport(
                $"Waiting for {target.Name}", $"ssh, {time.GetElapsedTime(start).TotalSeconds:0} s so far",
                (int)Math.Min(99, 100 * (time.GetElapsedTime(start) / timeout))));
            if (endpoint is not { } port || await AnswersAsync(port.Host, port.Port, left, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    return await TryAsync(target, cancellationToken).ConfigureAwait(false);
                }
                catch (Fe2Exception e) when (e.Id is "SshKeyRefused" or "SshUnreachable" or "ConnectionCut")
                {
                    detail = e.Message;
                    if (e.Id == "SshKeyRefused")
                        firstRefusal ??= time.GetTimestamp();
                    if (firstRefusal is { } since && time.GetElapsedTime(since) > RefusalGrace)
                        throw;
                }
            }

            await Task.Delay(ProbeEvery, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> TryAsync(SshTarget target, CancellationToken cancellationToken)
    {
        // Nothing to compare with yet: the key that is pinned comes from the very connection that the command goes over.
        if (target.HostKey is null && connector.PinnedKey(target.InstanceId) is null)
            return (await connector.FirstContactAsync(target, cancellationToken).ConfigureAwait(false)).Fingerprint;
        var key = await connector.PinAsync(target, cancellationToken).ConfigureAwait(false);
        var result = await connector.Session(target).RunAsync("true", null, cancellationToken).ConfigureAwait(false);
        // "System is booting up": pam_nologin lets nobody in yet.
        return result.ExitCode == 0 ? key.Fingerprint : throw SshErrors.Unreachable(target, SshFailure.LastLine(result.ErrorText));
    }

    /// <summary>Where ssh would connect, the user's ssh_config applied; null where it goes through a jump host or a command.</summary>
    private async Task<(string Host, int Port)?> EndpointAsync(SshTarget target, CancellationToken cancellationToken)
    {
        var text = new MemoryStream();
        await SshProcess.RunAsync(
            SshCommandLine.Program, commandLine.ShowConfig(target), null,
            (output, token) => SshProcess.PumpAsync(output, bytes => text.Write(bytes.Span), token), _ => { },
            cancellationToken).ConfigureAwait(false);
        var (host, port) = (target.Address, target.Port);
        foreach (var line in Encoding.UTF8.GetString(text.ToArray()).Split('\n', StringSplitOptions.TrimEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (name, value) = space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
            if (name is "proxyjump" or "proxycommand" && value is not ("none" or ""))
                return null;
            if (name == "hostname")
                host = value;
            else if (name == "port" && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                port = number;
        }

        return (host, port);
    }

    /// <summary>
    /// Whether an ssh server greets there. A lost packet must not cost seconds, so a new attempt starts five times a second
    /// while the older ones may still succeed.
    /// </summary>
    private async Task<bool> AnswersAsync(string host, int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<Probe>> attempts = [];
        var until = limit < ProbeLimit ? limit : ProbeLimit;
        var start = time.GetTimestamp();
        try
        {
            while (time.GetElapsedTime(start) < until)
            {
                attempts.Add(GreetsAsync(host, port, enough.Token));
                var started = time.GetTimestamp();
                var isRefused = false;
                var pause = Task.Delay(ProbeEvery, time, cancellationToken);
                while (!pause.IsCompleted && attempts.Count > 0)
                {
                    var first = await Task.WhenAny([pause, .. attempts]).ConfigureAwait(false);
                    if (first is not Task<Probe> attempt)
                        break;
                    var found = await attempt.ConfigureAwait(false);
                    if (found == Probe.Greets)
                        return true;
                    attempts.Remove(attempt);
                    isRefused = found == Probe.Refused;
                    if (isRefused)
                        break;
                }

                var rest = ProbeRefusedEvery - time.GetElapsedTime(started);
                await (!isRefused ? pause : rest > TimeSpan.Zero ? Task.Delay(rest, time, cancellationToken) : Task.CompletedTask).ConfigureAwait(false);
            }

            return false;
        }
        finally
        {
            await enough.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(attempts).ConfigureAwait(false);
        }
    }

    private enum Probe
    {
        /// <summary>Nobody is there yet, or somebody who is no ssh server.</summary>
        Silent,

        /// <summary>The machine is there and has no server at the port.</summary>
        Refused,

        Greets,
    }

    private static async Task<Probe> GreetsAsync(string host, int port, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            var greeting = new byte[4];
            await client.GetStream().ReadExactlyAsync(greeting, cancellationToken).ConfigureAwait(false);
            return greeting.AsSpan().SequenceEqual("SSH-"u8) ? Probe.Greets : Probe.Silent;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Probe.Refused;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return Probe.Silent;
        }
    }
}
