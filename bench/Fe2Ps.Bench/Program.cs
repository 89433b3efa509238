using System.Diagnostics;
using System.Runtime.InteropServices;
using Fe2Ps.Bench;

const string Usage = """
    Usage: bench [WORD...]

    Measures Fe2Ps beside its peers on this machine and prints one table. With words: only the rows whose name has one of them.
    """;

if (args is ["driver", "list" or "price"])
{
    await using var lines = new StreamWriter(Console.OpenStandardOutput());
    await (args[1] == "list" ? ListInstances.DriveAsync(lines) : FamilyPrice.DriveAsync(lines)).ConfigureAwait(false);
    return 0;
}

if (args is ["driver", "spot"])
{
    await using var lines = new StreamWriter(Console.OpenStandardOutput());
    await SpotHistory.DriveAsync(lines).ConfigureAwait(false);
    return 0;
}

if (args.Any(word => word.StartsWith('-')))
{
    Console.WriteLine(Usage);
    return args is ["--help"] or ["-h"] ? 0 : 2;
}

using var stop = new CancellationTokenSource();
void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);

var chosen = Measurement.All.Where(measurement => measurement.IsChosen(args)).ToArray();
if (chosen.Length == 0)
{
    Console.Error.WriteLine($"bench: no row has '{string.Join("' or '", args)}' in its name. There are:");
    foreach (var row in Measurement.All.SelectMany(measurement => measurement.Rows)) Console.Error.WriteLine($"  {row}");
    return 2;
}

var table = new Table();
var failures = 0;
var folder = Directory.CreateTempSubdirectory("fe2-bench-").FullName;
try
{
    await using var ground = new Ground(folder, Console.Error);
    foreach (var measurement in chosen)
    {
        ground.Say(measurement.Rows[0]);
        var clock = Stopwatch.StartNew();
        try
        {
            await measurement.TakeAsync(ground, table, stop.Token).ConfigureAwait(false);
        }
        catch (NotHereException absent)
        {
            foreach (var row in measurement.Rows) table.Missing(row, absent.Message);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            failures++;
            foreach (var row in measurement.Rows) table.Missing(row, $"failed: {failure.Message.ReplaceLineEndings(" ")}");
        }

        ground.Say($"took {clock.Elapsed.TotalSeconds:0} s");
    }
}
catch (Exception) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("bench: interrupted; the local EC2 and everything in it is gone.");
    return 130;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

table.Print(Console.Out);
return failures == 0 ? 0 : 1;
