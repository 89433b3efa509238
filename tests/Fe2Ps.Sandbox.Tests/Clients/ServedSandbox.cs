using System.Diagnostics;
using Fe2Ps.Sandbox.Tests.Hosts;

namespace Fe2Ps.Sandbox.Tests.Clients;

/// <summary>The sandbox as its users start it: a process of its own.</summary>
public sealed class ServedSandbox : IAsyncLifetime
{
    private readonly List<string> _said = [];
    private Process? _process;

    public IReadOnlyList<string> Arguments { get; init; } = ["--hosts", "none", "--speed", "fast"];

    public Process Process => _process!;

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public string Endpoint => Variables["AWS_ENDPOINT_URL"];

    public static string Program => Path.Combine(AppContext.BaseDirectory, "Fe2Ps.Sandbox.dll");

    public async Task InitializeAsync()
    {
        _process = Start("dotnet", [Program, "serve", "--port", "0", .. Arguments]);
        _process.ErrorDataReceived += (_, line) => _said.Add(line.Data ?? "");
        _process.BeginErrorReadLine();
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line && line != "ready")
        {
            if (line.StartsWith("export ", StringComparison.Ordinal) && line[7..].Split('=', 2) is [var name, var value])
                Variables[name] = value;
        }

        Assert.True(Variables.Count >= 4, string.Join('\n', _said));
    }

    public async Task DisposeAsync()
    {
        if (!_process!.HasExited)
        {
            Signal("TERM");
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }

        _process.Dispose();
    }

    public void Signal(string name)
    {
        using var kill = Start("kill", [$"-{name}", $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Runs a client with the sandbox's environment; returns what it printed.</summary>
    public async Task<(int Code, string Output, string Error)> RunAsync(string program, IReadOnlyList<string> arguments)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        return (process.ExitCode, await output, await error);
    }

    public Task EndAsync() => Deadline.UntilAsync(() => _process!.HasExited, "the sandbox has ended");

    private Process Start(string program, IReadOnlyList<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in Variables)
            info.Environment[name] = value;
        info.Environment["AWS_CONFIG_FILE"] = info.Environment["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
        info.Environment["AWS_PAGER"] = "";
        return Process.Start(info)!;
    }
}
