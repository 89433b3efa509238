using System.Collections.Concurrent;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>Machines over the system's OpenSSH client.</summary>
public sealed class SshConnector : ISshConnector, IAsyncDisposable
{
    private const int ConnectionFailed = 255;

    private readonly SshCommandLine _commandLine;
    private readonly SshReadiness _readiness;
    private readonly ConcurrentDictionary<string, SshChannels> _shared = new();

    /// <summary>Makes a connector; with the defaults it works in the user's own Fe2 folder.</summary>
    public SshConnector(SshOptions? options = null, TimeProvider? time = null)
    {
        Options = options ?? new SshOptions();
        KnownHosts = new KnownHosts(Options.Folder, time);
        _commandLine = new SshCommandLine(Options);
        _readiness = new SshReadiness(this, _commandLine, time ?? TimeProvider.System);
    }

    /// <summary>How this connector uses ssh.</summary>
    public SshOptions Options { get; }

    /// <summary>The pinned host keys.</summary>
    public KnownHosts KnownHosts { get; }

    /// <inheritdoc/>
    public Task<string> WaitUntilReadyAsync(
        SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        _readiness.WaitAsync(target, timeout, report, cancellationToken);

    /// <inheritdoc/>
    public async Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default)
    {
        await PinAsync(target, cancellationToken).ConfigureAwait(false);
        return Session(target);
    }

    /// <inheritdoc/>
    public async Task<SshInvocation> InteractiveAsync(
        SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default)
    {
        await PinAsync(target, cancellationToken).ConfigureAwait(false);
        return new SshInvocation(SshCommandLine.Program, _commandLine.Interactive(target, tunnels, command));
    }

    /// <inheritdoc/>
    public async Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default)
    {
        if (!Options.ShareConnections || !File.Exists(_commandLine.SocketPath(target)))
            return;
        await SshProcess.RunAsync(
            SshCommandLine.Program, _commandLine.CloseShared(target), null,
            (output, token) => SshProcess.PumpAsync(output, _ => { }, token), _ => { }, cancellationToken).ConfigureAwait(false);
        _shared.TryRemove(_commandLine.SocketPath(target), out _);
    }

    /// <inheritdoc/>
    public HostKey? PinnedKey(string instanceId) => KnownHosts.Find(instanceId);

    /// <inheritdoc/>
    public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default) => KnownHosts.ForgetAsync(instanceId, cancellationToken);

    /// <summary>Closes every shared connection that this connector has used.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var channels in _shared.Values)
            await CloseAsync(channels.Target).ConfigureAwait(false);
    }

    internal SshSession Session(SshTarget target) =>
        new(target, this, _commandLine, _shared.GetOrAdd(_commandLine.SocketPath(target), _ => new SshChannels(target)));

    /// <summary>Makes sure that the machine's key is pinned and is the one that its tag names.</summary>
    internal async Task<HostKey> PinAsync(SshTarget target, CancellationToken cancellationToken)
    {
        var known = KnownHosts.Find(target.InstanceId);
        if (known is null)
        {
            var presented = await FetchKeyAsync(target, cancellationToken).ConfigureAwait(false);
            if (target.HostKey is not null && presented.Fingerprint != target.HostKey)
                throw SshErrors.HostKeyChanged(target, target.HostKey, presented.Fingerprint);
            known = await KnownHosts.PinAsync(target.InstanceId, presented, cancellationToken).ConfigureAwait(false);
        }

        return target.HostKey is null || known.Fingerprint == target.HostKey
            ? known
            : throw SshErrors.HostKeyChanged(target, target.HostKey, known.Fingerprint);
    }

    /// <summary>
    /// The first contact with a machine of which neither a pin nor a tag says anything: one connection pins the key that it
    /// meets and runs a command, instead of one connection for each. The connection stays, shared.
    /// </summary>
    internal async Task<HostKey> FirstContactAsync(SshTarget target, CancellationToken cancellationToken)
    {
        _shared.GetOrAdd(_commandLine.SocketPath(target), _ => new SshChannels(target));
        var (exitCode, presented, errorText) = await PresentedKeyAsync(
            file => _commandLine.FirstCommand(target, "true", file), cancellationToken).ConfigureAwait(false);
        var pinned = presented is null ? null : await KnownHosts.PinAsync(target.InstanceId, presented, cancellationToken).ConfigureAwait(false);
        if (presented is not null && pinned is not null && pinned.Fingerprint != presented.Fingerprint)
        {
            await CloseAsync(target, cancellationToken).ConfigureAwait(false);
            throw SshErrors.HostKeyChanged(target, pinned.Fingerprint, presented.Fingerprint);
        }

        if (exitCode == ConnectionFailed)
            throw SshFailure.Explain(target, errorText, pinned);
        return exitCode == 0 && pinned is not null ? pinned : throw NoKey(target, errorText);
    }

    /// <summary>
    /// Asks the machine for its host key, the user's ssh_config and jump hosts included, and ends before any login.
    /// So a key can be compared with the tag before anything else happens.
    /// </summary>
    private async Task<HostKey> FetchKeyAsync(SshTarget target, CancellationToken cancellationToken)
    {
        var (_, presented, errorText) = await PresentedKeyAsync(
            file => _commandLine.FetchKey(target, file), cancellationToken).ConfigureAwait(false);
        return presented ?? throw NoKey(target, errorText);
    }

    /// <summary>Runs an ssh that writes the key that it is presented into a file, and reads the file.</summary>
    private async Task<(int ExitCode, HostKey? Key, string ErrorText)> PresentedKeyAsync(
        Func<string, List<string>> arguments, CancellationToken cancellationToken)
    {
        var folder = Fe2Folder.EnsurePrivate(Path.Combine(Options.Folder, "fetch-" + Path.GetRandomFileName()));
        try
        {
            var file = Path.Combine(folder, "known_hosts");
            var error = new MemoryStream();
            var exitCode = await SshProcess.RunAsync(
                SshCommandLine.Program, arguments(file), null,
                (output, token) => SshProcess.PumpAsync(output, _ => { }, token),
                bytes => error.Write(bytes.Span), cancellationToken).ConfigureAwait(false);
            var lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, cancellationToken).ConfigureAwait(false) : [];
            return (exitCode, lines.Select(line => HostKey.FromKnownHosts(line, out _)).FirstOrDefault(key => key is not null), Encoding.UTF8.GetString(error.ToArray()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Fe2Exception NoKey(SshTarget target, string errorText) =>
        SshErrors.Unreachable(target, SshFailure.LastLine(errorText));
}
