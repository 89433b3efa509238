using System.Globalization;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Bench;

/// <summary>
/// What an interruption costs: how soon the notice is seen, how soon a hundred megabytes are safe, how soon the script runs again, with
/// nobody's computer on. All machines share this computer's clock.
/// </summary>
internal static class SpotSurvival
{
    private const string Seen = "spot: the interruption notice is seen, worst of 5";
    private const string Saved = "spot: 100 MB that were not on the monitor at the notice are there, median of 3";
    private const string Running = "spot: the script runs again after its next machine answers ssh, median of 3";
    private const string Whole = "spot: from the notice to the script running again, median of 3";
    private const string Quiet = "spot: API calls of a job and its supervisor in a quiet minute";
    private const string Memory = "spot: memory of the supervisor";

    /// <summary>Says when it starts; writes a hundred megabytes when it is asked to save.</summary>
    private const string Script = """
        #!/bin/bash
        date +%s.%N >> starts
        trap 'head -c 100000000 /dev/urandom > part; date +%s.%N > written; mv part big' USR1
        while [ ! -e enough ]; do sleep 0.05; done
        """;

    public static Measurement Measurement { get; } = new([Seen, Saved, Running, Whole, Quiet, Memory], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var monitors = await cloud.LaunchAsync("keeper", 1, cancel).ConfigureAwait(false);
        var jobs = new CloudJobs(cloud.Session, cloud.Ssh);
        var script = Path.Combine(ground.Folder, "survives.sh");
        await File.WriteAllTextAsync(script, Script + "\n", cancel).ConfigureAwait(false);
        var name = "survivor";
        await new InstanceLauncher(cloud.Session, cloud.Ssh).LaunchAsync(new LaunchRequest { Name = name, Spot = true }, null, cancel).ConfigureAwait(false);
        var target = await jobs.MachineAsync(name, cancel).ConfigureAwait(false);
        var facts = await new RecoveryPlan(cloud.Session).OfAsync(target, new RecoveryOptions { MaxRestarts = 100 }, InterruptSignal.USR1, cancel).ConfigureAwait(false);
        var job = await jobs.Runner.StartAsync(
            new JobRequest(script, target) { Monitor = await jobs.MachineAsync("keeper", cancel).ConfigureAwait(false), Recovery = facts, OnExit = OnExit.Terminate }, null, cancel)
            .ConfigureAwait(false);
        if (!await new Supervisor(cloud.Session, jobs).StartAsync(job, null, cancel).ConfigureAwait(false)) throw new InvalidOperationException("the job has no supervisor");
        await using var monitor = await cloud.Ssh.OpenAsync((await jobs.MachineAsync("keeper", cancel).ConfigureAwait(false)).Ssh, cancel).ConfigureAwait(false);

        await cloud.ForgetCallsAsync(cancel).ConfigureAwait(false);
        await Task.Delay(TimeSpan.FromMinutes(1), cancel).ConfigureAwait(false);
        table.Limit(Quiet, await cloud.CountCallsAsync(cancel).ConfigureAwait(false), "calls", 0.5);
        table.Limit(Memory, double.Parse(await AskAsync(monitor, $"grep VmRSS /proc/$(cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid)/status | tr -dc 0-9", cancel).ConfigureAwait(false), CultureInfo.InvariantCulture) / 1024, "MiB", 10);

        List<double> seen = [], saved = [], running = [], whole = [];
        var folder = ShellQuote.Home(job.Folder);
        for (var turn = 1; turn <= 5; turn++)
        {
            var old = await cloud.AddressAsync(name, cancel).ConfigureAwait(false);
            await AskAsync(monitor, $"rm -f {folder}/big {folder}/written", cancel).ConfigureAwait(false);
            var noticed = Now();
            await cloud.InterruptAsync(name, cancel).ConfigureAwait(false);
            var answered = AnsweredAtAsync(cloud, name, old, cancel);
            var mark = await WaitAsync(monitor, $"stat -c %.Z {folder}/.fe2/interrupted", cancel).ConfigureAwait(false);
            seen.Add(mark - noticed);
            var big = WaitAsync(monitor, $"stat -c %.Z {folder}/big", cancel);
            var start = await WaitAsync(monitor, $"sed -n {turn + 1}p {folder}/starts", cancel).ConfigureAwait(false);
            if (turn > 3) continue;
            saved.Add(await big.ConfigureAwait(false) - noticed);
            running.Add(start - await answered.ConfigureAwait(false));
            whole.Add(start - noticed);
        }

        table.Limit(Seen, new Sample(seen).Worst, "s", 2.5);
        table.Limit(Saved, new Sample(saved).Median, "s", 10);
        table.Limit(Running, new Sample(running).Median, "s", 5);
        table.Value(Whole, new Sample(whole).Median, "s");
        await jobs.Control.StopAsync((await jobs.ListAsync(null, cancel).ConfigureAwait(false)).Single(j => j.Id == job.Id), null, cancel).ConfigureAwait(false);
        await cloud.RemoveAsync(monitors, cancel).ConfigureAwait(false);
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>The first number that a command gives, asked for ten times a second.</summary>
    private static async Task<double> WaitAsync(ISshSession there, string command, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        using var turn = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await turn.WaitForNextTickAsync(limit.Token).ConfigureAwait(false))
        {
            if (double.TryParse(await AskAsync(there, command + " 2>/dev/null", limit.Token).ConfigureAwait(false), CultureInfo.InvariantCulture, out var number)) return number;
        }

        throw new OperationCanceledException();
    }

    private static async Task<string> AskAsync(ISshSession there, string command, CancellationToken cancel) =>
        (await there.RunAsync(command, null, cancel).ConfigureAwait(false)).OutputText.Trim();

    /// <summary>When the machine that has the name next answers ssh.</summary>
    private static async Task<double> AnsweredAtAsync(LocalCloud cloud, string name, string? old, CancellationToken cancel)
    {
        using var turn = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await turn.WaitForNextTickAsync(cancel).ConfigureAwait(false))
        {
            if (await cloud.AddressAsync(name, cancel).ConfigureAwait(false) is { } address && address != old && await Greeting.ComesAsync(address, cancel).ConfigureAwait(false)) break;
        }

        return Now();
    }
}
