using System.Diagnostics;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Bench;

/// <summary>A command on a machine that this computer is connected to already, and a fresh ssh.</summary>
internal static class FirstByte
{
    private const int Runs = 21;
    private const string Row = "first byte of output of Invoke-Fe2Command on a shared connection (against ssh host true afresh)";

    public static Measurement Measurement { get; } = new([Row], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var ssh = Ground.NeedOnPath("ssh");
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var machines = await cloud.LaunchAsync("shared", 1, cancel).ConfigureAwait(false);
        var target = await new InstanceTargets(cloud.Session).ForAsync(machines[0], cancellationToken: cancel).ConfigureAwait(false);
        var fresh = new WholeProcess(cloud.Environment);
        string[] command = [.. PlainSsh.Login(ssh, target, cloud.Ssh.KnownHosts.FilePath), "-l", target.User, "--", target.Address, "true"];
        await using var session = await cloud.Ssh.OpenAsync(target, cancel).ConfigureAwait(false);
        await SharedAsync(session, cancel).ConfigureAwait(false);
        await fresh.OneAsync(command, cancel).ConfigureAwait(false);

        var (ours, theirs) = (new List<double>(), new List<double>());
        for (var i = 0; i < Runs; i++)
        {
            ours.Add(await SharedAsync(session, cancel).ConfigureAwait(false));
            theirs.Add((await fresh.OneAsync(command, cancel).ConfigureAwait(false)).Seconds);
        }

        table.Ratio(Row, new Sample(ours).Median, new Sample(theirs).Median, "s", 0.5);
        await cloud.RemoveAsync(machines, cancel).ConfigureAwait(false);
    }

    private static async Task<double> SharedAsync(ISshSession session, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        double? first = null;
        var code = await session.StreamAsync("echo here", _ => first ??= clock.Elapsed.TotalSeconds, null, cancel).ConfigureAwait(false);
        return code == 0 && first is { } seconds ? seconds : throw new InvalidOperationException($"'echo here' ended with {code}");
    }
}
