using System.Diagnostics;
using System.Globalization;

namespace Fe2Ps.Bench;

/// <summary>One finished run of a program, as the operating system accounts for it.</summary>
/// <param name="Seconds">From its start to its end.</param>
/// <param name="PeakMegabytes">The most memory that it held at once (MiB).</param>
/// <param name="Output">What it wrote to standard output.</param>
internal readonly record struct Run(double Seconds, double PeakMegabytes, string Output);

/// <summary>Times whole processes with GNU time; commands that are compared run in turn, so that a drifting machine meets all of them.</summary>
internal sealed class WholeProcess(IReadOnlyDictionary<string, string> environment)
{
    private const string Time = "/usr/bin/time";

    /// <summary>Runs the commands in turn, after one uncounted run of each.</summary>
    /// <returns>The runs of each command.</returns>
    public async Task<Run[][]> InTurnAsync(int runs, CancellationToken cancel, params string[][] commands)
    {
        foreach (var command in commands) await OneAsync(command, cancel).ConfigureAwait(false);
        var all = commands.Select(_ => new Run[runs]).ToArray();
        for (var i = 0; i < runs; i++)
            for (var c = 0; c < commands.Length; c++)
                all[c][i] = await OneAsync(commands[c], cancel).ConfigureAwait(false);
        return all;
    }

    /// <summary>Runs one command to its end; it must succeed.</summary>
    public async Task<Run> OneAsync(string[] command, CancellationToken cancel)
    {
        var report = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Ground.Need(Time)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var word in new[] { "-o", report, "-f", "%M" }.Concat(command)) start.ArgumentList.Add(word);
            foreach (var (name, value) in environment) start.Environment[name] = value;

            var clock = Stopwatch.StartNew();
            using var process = Process.Start(start)!;
            using var end = cancel.Register(() => process.Kill(entireProcessTree: true));
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None).ConfigureAwait(false);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            var seconds = clock.Elapsed.TotalSeconds;
            cancel.ThrowIfCancellationRequested();
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {await error.ConfigureAwait(false)}");
            var peak = await File.ReadAllTextAsync(report, cancel).ConfigureAwait(false);
            return new Run(seconds, double.Parse(peak.Trim(), CultureInfo.InvariantCulture) / 1024, output);
        }
        finally
        {
            File.Delete(report);
        }
    }
}
