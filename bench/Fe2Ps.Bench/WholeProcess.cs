using System.Diagnostics;
using System.Globalization;

namespace Fe2Ps.Bench;

/// <summary>One finished run of a program, as the operating system accounts for it.</summary>
internal readonly record struct Run(double Seconds, double PeakMegabytes);

/// <summary>Times whole processes with GNU time; two commands are run in turn, so that a drifting machine meets both.</summary>
internal sealed class WholeProcess(IReadOnlyDictionary<string, string> environment)
{
    /// <summary>Runs A and B in turn, after one uncounted run of each.</summary>
    public (Run[] A, Run[] B) Pair(string[] a, string[] b, int runs)
    {
        One(a);
        One(b);
        var first = new Run[runs];
        var second = new Run[runs];
        for (var i = 0; i < runs; i++)
        {
            first[i] = One(a);
            second[i] = One(b);
        }

        return (first, second);
    }

    public Run One(string[] command)
    {
        var report = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/usr/bin/time") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var word in new[] { "-o", report, "-f", "%e %M" }.Concat(command)) start.ArgumentList.Add(word);
            foreach (var (name, value) in environment) start.Environment[name] = value;

            var clock = Stopwatch.StartNew();
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.BaseStream.CopyTo(Stream.Null);
            process.WaitForExit();
            var seconds = clock.Elapsed.TotalSeconds;
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {error.Result}");
            var words = File.ReadAllText(report).Trim().Split(' ');
            return new Run(seconds, double.Parse(words[1], CultureInfo.InvariantCulture) / 1024);
        }
        finally
        {
            File.Delete(report);
        }
    }
}
