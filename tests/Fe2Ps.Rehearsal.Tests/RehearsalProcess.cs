using System.Diagnostics;
using System.Text;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Rehearsal.Tests;

/// <summary>A rehearsal as a user runs it, in a temporary folder of its own by which everything that it makes can be told apart.</summary>
internal sealed class RehearsalProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    public RehearsalProcess(params string[] arguments)
    {
        Temporary = Directory.CreateTempSubdirectory("fe2-rt-");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["FE2_SANDBOX"] = SandboxFixture.Program;
        start.Environment["TMPDIR"] = Temporary.FullName;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public DirectoryInfo Temporary { get; }

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    private static string Program
    {
        get
        {
            var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
            return Path.GetFullPath(Path.Combine(SandboxFixture.Program, "..", "..", "..", "..", "..", "Fe2Ps.Rehearsal", "bin", configuration, "net10.0", "Fe2Ps.Rehearsal.dll"));
        }
    }

    public Task SaysAsync(string text, int seconds = 60) =>
        Until.TrueAsync(() => Output.Contains(text, StringComparison.Ordinal) || process.HasExited, $"it says '{text}'. It said:\n{Output}", seconds);

    public async Task<int> EndAsync(int seconds = 90)
    {
        await Until.TrueAsync(() => process.HasExited, $"the rehearsal ends. It said:\n{Output}", seconds);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public void Interrupt() => Traces.Run("kill", "-INT", process.Id.ToString());

    /// <summary>The process of its sandbox.</summary>
    public string SandboxId() => Traces.Run("pgrep", "-f", $"Fe2Ps.Sandbox.dll serve.*--exit-with {process.Id} ").Trim();

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
        Temporary.Delete(recursive: true);
    }

    private void Take(string? line)
    {
        if (line is null) return;
        lock (output) output.AppendLine(line);
    }
}
