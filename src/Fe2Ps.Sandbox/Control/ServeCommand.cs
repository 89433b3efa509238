using System.Diagnostics;
using System.Runtime.InteropServices;
using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.Metadata;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Control;

/// <summary><c>serve</c>: runs the sandbox until a signal or the end of the process that it belongs to.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(ServeOptions options)
    {
        using var end = new CancellationTokenSource();
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            end.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        var parent = options.ExitWith is { } id ? WatchAsync(id, end) : Task.CompletedTask;
        void Log(string message) => Console.Error.WriteLine(message);
        try
        {
            await ServeAsync(options, Log, end.Token).ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await parent.ConfigureAwait(false);
        }
    }

    private static async Task ServeAsync(ServeOptions options, Action<string> log, CancellationToken end)
    {
        var temporary = options.StateFolder is null;
        var folder = options.StateFolder ?? Directory.CreateTempSubdirectory("fe2-sandbox-").FullName;
        try
        {
            var store = temporary ? null : new StateStore(folder);
            var state = store?.Load() ?? new SandboxState();
            // A temporary folder is the fabric's as a whole, so that the next sandbox sweeps all of it should this one crash.
            var hosts = temporary ? folder : Path.Combine(folder, "hosts");
            await using var fabric = await Fabrics.MakeAsync(options.Hosts, hosts, temporary, options.KeepDisks, new LineReport(log), end).ConfigureAwait(false);
            var pace = options.Fast ? Pace.Fast : Pace.Realistic;
            if (options.LateVisibility is { } late)
                pace = pace with { LateVisibility = TimeSpan.FromSeconds(late) };
            var cloud = new Cloud(state, pace, TimeProvider.System, fabric, log);
            await using (var server = await Server.StartAsync(cloud, options.Port, end).ConfigureAwait(false))
            await using (var metadata = new MetadataService(cloud, server.Endpoint))
            {
                await metadata.StartAsync(fabric.MetadataSocket, end).ConfigureAwait(false);
                foreach (var limit in fabric.Limits)
                    log(limit);
                Announce(server);
                await (store?.KeepAsync(cloud, end) ?? WaitAsync(end)).ConfigureAwait(false);
                await WaitAsync(end).ConfigureAwait(false);
            }

            if (store is not null)
                await store.SaveAsync(cloud, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            if (temporary && Directory.Exists(folder))
                Directory.Delete(folder, true);
        }
    }

    private static void Announce(Server server)
    {
        Console.WriteLine($"export AWS_ENDPOINT_URL={server.Address}");
        Console.WriteLine($"export AWS_ACCESS_KEY_ID={Credentials.AccessKey}");
        Console.WriteLine($"export AWS_SECRET_ACCESS_KEY={Credentials.SecretKey}");
        // Most SDKs and the AWS CLI 2 read the first, boto3 and the AWS CLI 1 the second.
        Console.WriteLine("export AWS_REGION=us-east-2");
        Console.WriteLine("export AWS_DEFAULT_REGION=us-east-2");
        Console.WriteLine("ready");
        Console.Out.Flush();
    }

    private static async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }

    // Polls, as a process that is not one's own child cannot be waited for everywhere.
    private static async Task WatchAsync(int processId, CancellationTokenSource end)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        try
        {
            do
            {
                if (!IsAlive(processId))
                    await end.CancelAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(end.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private sealed class LineReport(Action<string> log) : IProgress<string>
    {
        public void Report(string value) => log(value);

    }
}
