using System.Runtime.InteropServices;
using Fe2Ps.Core;
using Fe2Ps.Rehearsal;

RehearsalOptions? options;
try
{
    options = RehearsalOptions.Read(args);
}
catch (FormatException mistake)
{
    Console.Error.WriteLine($"rehearse: {mistake.Message}\n\n{RehearsalOptions.Usage}");
    return 2;
}

if (options is null)
{
    Console.WriteLine(RehearsalOptions.Usage);
    return 0;
}

using var stop = new CancellationTokenSource();
void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);

var folder = Directory.CreateTempSubdirectory("fe2-rehearsal-").FullName;
try
{
    var sandbox = Environment.GetEnvironmentVariable("FE2_SANDBOX") is { Length: > 0 } named ? named
        : Path.Combine(AppContext.BaseDirectory, "sandbox", "Fe2Ps.Sandbox.dll");
    return await new Rehearsal(options, sandbox, folder, Console.Out).RunAsync(stop.Token).ConfigureAwait(false);
}
catch (Exception e) when (e is OperationCanceledException || stop.IsCancellationRequested)
{
    Console.Error.WriteLine("rehearse: interrupted; the local EC2 and everything in it is gone.");
    return 130;
}
catch (Fe2Exception failure)
{
    Console.Error.WriteLine($"rehearse: {failure.Message} {failure.NextStep}");
    return 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
