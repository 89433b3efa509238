using System.Diagnostics;
using System.Net;
using Amazon.EC2.Model;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Bench;

/// <summary>
/// One command on each of 32 machines that this computer is not connected to yet: all at once, and one after the other. The
/// machines stand at the end of lines of 50 ms each way, as from one continent to the next; on the same computer there would
/// be nothing to wait for, and both ways would measure its processors alone.
/// </summary>
internal static class CommandMany
{
    private const int Machines = 32;
    private const string Row = "one command on each of 32 machines, 100 ms away, no connection yet (against one after the other)";

    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(50);

    public static Measurement Measurement { get; } = new([Row], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var machines = await cloud.LaunchAsync("command", Machines, cancel).ConfigureAwait(false);
        var lines = new List<DelayLine>();
        try
        {
            var targets = new Dictionary<string, SshTarget>(StringComparer.Ordinal);
            foreach (var machine in machines)
            {
                var target = await new InstanceTargets(cloud.Session).ForAsync(machine, cancellationToken: cancel).ConfigureAwait(false);
                await cloud.Ssh.CloseAsync(target, cancel).ConfigureAwait(false);
                var line = new DelayLine(new IPEndPoint(IPAddress.Parse(target.Address), target.Port), OneWay);
                lines.Add(line);
                targets[machine.InstanceId] = target with { Address = "127.0.0.1", Port = line.Port };
            }

            var together = await RunAsync(cloud, machines, targets, CommandRunner.UsualThrottle, cancel).ConfigureAwait(false);
            var inTurn = await RunAsync(cloud, machines, targets, 1, cancel).ConfigureAwait(false);
            table.Ratio(Row, together, inTurn, "s", 0.15);
        }
        finally
        {
            foreach (var line in lines) line.Dispose();
            await cloud.RemoveAsync(machines, cancel).ConfigureAwait(false);
        }
    }

    private static async Task<double> RunAsync(
        LocalCloud cloud, IReadOnlyList<Instance> machines, Dictionary<string, SshTarget> targets, int throttle, CancellationToken cancel)
    {
        var answers = 0;
        var clock = Stopwatch.StartNew();
        await CommandRunner.ForEachAsync(
            machines, throttle,
            async (machine, token) =>
            {
                await using var session = await cloud.Ssh.OpenAsync(targets[machine.InstanceId], token).ConfigureAwait(false);
                var result = await session.RunAsync("hostname", null, token).ConfigureAwait(false);
                if (result is { ExitCode: 0, Output.Length: > 0 }) Interlocked.Increment(ref answers);
            },
            (_, failure) => throw failure, cancel).ConfigureAwait(false);
        var seconds = clock.Elapsed.TotalSeconds;
        if (answers != machines.Count) throw new InvalidOperationException($"{answers} of {machines.Count} machines answered");
        foreach (var target in targets.Values) await cloud.Ssh.CloseAsync(target, cancel).ConfigureAwait(false);
        return seconds;
    }
}
