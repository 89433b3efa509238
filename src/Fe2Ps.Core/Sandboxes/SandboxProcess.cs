using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Fe2Ps.Core.Sandboxes;

/// <summary>
/// A local EC2 that runs as a process of its own and ends, with all its hosts, when this process ends or says so.
/// </summary>
public sealed class SandboxProcess : IAsyncDisposable
{
    private const string ReadyLine = "ready";
    private const string ExportPrefix = "export ";
    private const string Setsid = "/usr/bin/setsid";
    private const int TailLines = 12;
    private const int Sigterm = 15;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _tail = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IProgress<Fe2Report>? _report;

    private SandboxProcess(Process process, SandboxOptions options, IProgress<Fe2Report>? report)
    {
        _process = process;
        _report = report;
        Options = options;
    }

    /// <summary>How it was started.</summary>
    public SandboxOptions Options { get; }

    /// <summary>The address to work with, <c>http://127.0.0.1:PORT</c>.</summary>
    public string EndpointUrl => _environment.GetValueOrDefault("AWS_ENDPOINT_URL", "");

    /// <summary>The environment variables that point any AWS client at it.</summary>
    public IReadOnlyDictionary<string, string> Environment => _environment;

    /// <summary>The process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a sandbox and returns when it answers.</summary>
    /// <exception cref="Fe2Exception"><c>SandboxMissing</c>, <c>DotnetMissing</c>, <c>SandboxFailed</c>, <c>SandboxNotReady</c>.</exception>
    public static async Task<SandboxProcess> StartAsync(
        SandboxOptions options, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        if (!File.Exists(options.Program))
        {
            throw new Fe2Exception(
                "SandboxMissing", Fe2ErrorKind.NotInstalled, $"The sandbox is not at {options.Program}.",
                "Install the module again, or name the program in the environment variable FE2_SANDBOX.", options.Program);
        }

        var sandbox = new SandboxProcess(new Process { StartInfo = StartInfo(options) }, options, report);
        sandbox.Start();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        try
        {
            await sandbox._ready.Task.WaitAsync(limit.Token).ConfigureAwait(false);
            sandbox._report = null;
            return sandbox;
        }
        catch (Exception e)
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            if (e is not OperationCanceledException || cancellationToken.IsCancellationRequested) throw;
            throw new Fe2Exception(
                "SandboxNotReady", Fe2ErrorKind.Timeout,
                string.Create(CultureInfo.InvariantCulture, $"The sandbox was not ready after {options.Timeout.TotalSeconds:0} s. It said: {sandbox.Tail()}"),
                "Try -Hosts None, which serves the API alone.", options.Program);
        }
    }

    /// <summary>Ends it and waits until its hosts are gone. A second call does nothing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_process.HasExited) return;
        if (OperatingSystem.IsWindows()) _process.Kill(entireProcessTree: true);
        else _ = Kill(_process.Id, Sigterm);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What it leaves behind then, the next sandbox clears away when it starts.
            _process.Kill(entireProcessTree: true);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync().ConfigureAwait(false);
        }
        finally
        {
            _process.Dispose();
        }
    }

    private static ProcessStartInfo StartInfo(SandboxOptions options)
    {
        // In a session of its own: Ctrl+C in the terminal is meant for what runs there, not for the sandbox behind it.
        bool own = OperatingSystem.IsLinux() && File.Exists(Setsid);
        var info = new ProcessStartInfo(own ? Setsid : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        if (own) Add("dotnet");
        Add(options.Program, "serve", "--port", options.Port.ToString(CultureInfo.InvariantCulture));
        Add("--exit-with", System.Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        if (options.StateFolder is { } folder) Add("--state", folder);
        if (options.KeepDisks is { } kept) Add("--keep-disks", kept);
        if (options.Hosts != SandboxHosts.Default) Add("--hosts", options.Hosts.ToString().ToLowerInvariant());
        if (options.Speed != SandboxSpeed.Default) Add("--speed", options.Speed.ToString().ToLowerInvariant());
        return info;

        void Add(params string[] words) => Array.ForEach(words, info.ArgumentList.Add);
    }

    private void Start()
    {
        _process.EnableRaisingEvents = true;
        _process.OutputDataReceived += (_, line) => OnOutput(line.Data);
        _process.ErrorDataReceived += (_, line) => OnError(line.Data);
        _process.Exited += (_, _) => _ = OnExitedAsync();
        try
        {
            _process.Start();
        }
        catch (Win32Exception e)
        {
            throw new Fe2Exception(
                "DotnetMissing", Fe2ErrorKind.NotInstalled, "The sandbox needs the .NET 10 runtime: 'dotnet' is not on the PATH.",
                "Install it: https://learn.microsoft.com/dotnet/core/install/", "dotnet", e);
        }

        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void OnOutput(string? line)
    {
        if (line == ReadyLine) _ready.TrySetResult();
        else if (line?.StartsWith(ExportPrefix, StringComparison.Ordinal) == true && line.Split('=', 2) is [var name, var value])
            _environment[name[ExportPrefix.Length..]] = value.Trim('\'', '"');
        else OnError(line);
    }

    private void OnError(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        _tail.Enqueue(line);
        while (_tail.Count > TailLines) _tail.TryDequeue(out _);
        _report?.Report(new ProgressReport("Starting the sandbox", line));
    }

    private async Task OnExitedAsync()
    {
        if (_ready.Task.IsCompleted) return;
        try
        {
            // Its last words may still be on their way; a child of it that holds the pipe open is not waited for.
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What has arrived until now must do.
        }

        _ready.TrySetException(new Fe2Exception(
            "SandboxFailed", Fe2ErrorKind.OperationFailed, $"The sandbox ended before it was ready. It said: {Tail()}",
            "Mend what it names, or use -Hosts None, which serves the API alone.", Options.Program));
    }

    private string Tail() => string.Join(" ", _tail);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
