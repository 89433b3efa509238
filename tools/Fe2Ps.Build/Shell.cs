using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fe2Ps.Build;

/// <summary>Runs other programs; a Ctrl+C or a termination is theirs to end cleanly, and is waited for.</summary>
internal static class Shell
{
    /// <summary>The exit code after Ctrl+C, as shells have it.</summary>
    public const int Interrupted = 130;

    private static bool s_isInterrupted;

    /// <summary>Runs a program on this terminal and returns its exit code.</summary>
    public static int Run(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = Start(file, arguments, folder, environment);
        using var process = Process.Start(start) ?? throw new BuildException($"cannot start '{file}'");

        // A signal may be sent to this process alone; where the terminal gave it to the whole group, twice does no harm.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => PassOn(signal, process, "-INT"));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => PassOn(signal, process, "-TERM"));
        process.WaitForExit();
        return process.ExitCode != 0 && s_isInterrupted ? throw new BuildException("interrupted", Interrupted) : process.ExitCode;
    }

    /// <summary>Runs a program whose output goes to a writer, line by line, and returns its exit code.</summary>
    public static int Run(string file, IEnumerable<string> arguments, TextWriter output)
    {
        var start = Start(file, arguments, null, null);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start) ?? throw new BuildException($"cannot start '{file}'");
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => PassOn(signal, process, "-INT"));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => PassOn(signal, process, "-TERM"));
        var isOver = false;
        CountdownEvent ends = new(2);
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        // Not without a limit: that would wait for whatever else has the pipe open, such as an ssh that stays for the next connection.
        while (!process.WaitForExit(1000)) { }
        ends.Wait(TimeSpan.FromSeconds(5));
        lock (output) isOver = true;
        return process.ExitCode != 0 && s_isInterrupted ? throw new BuildException("interrupted", Interrupted) : process.ExitCode;

        void Write(string? line)
        {
            lock (output)
            {
                if (isOver) return;
                if (line is null) ends.Signal();
                else output.WriteLine(line);
            }
        }
    }

    /// <summary>Runs a program that must succeed.</summary>
    public static void Check(string file, params string[] arguments)
    {
        var code = Run(file, arguments);
        if (code != 0) throw new BuildException($"'{file} {string.Join(' ', arguments)}' ended with {code}", code);
    }

    /// <summary>Runs a program quietly; null when it cannot be started.</summary>
    public static (int ExitCode, string Output)? Capture(string file, params string[] arguments)
    {
        var start = Start(file, arguments, null, null);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            _ = error.Result;
            process.WaitForExit();
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static ProcessStartInfo Start(
        string file, IEnumerable<string> arguments, string? folder, IReadOnlyDictionary<string, string?>? environment)
    {
        var start = new ProcessStartInfo(file) { UseShellExecute = false, WorkingDirectory = folder ?? "" };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        return start;
    }

    private static void PassOn(PosixSignalContext signal, Process process, string name)
    {
        signal.Cancel = true;
        s_isInterrupted = true;
        if (!OperatingSystem.IsWindows() && !process.HasExited) Capture("kill", name, process.Id.ToString());
    }
}
