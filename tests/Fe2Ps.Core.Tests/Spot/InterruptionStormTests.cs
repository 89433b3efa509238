using System.Diagnostics;
using System.Globalization;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Many jobs, each interrupted again and again at random moments in random ways. As many as <c>FE2_STORM</c> says, "jobs x
/// interruptions of each": 20x10 is the large run, which takes a quarter of an hour; without it there are few.
/// </summary>
public sealed class InterruptionStormTests(HostedJobFixture cloud, ITestOutputHelper output) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    /// <summary>Writes until it has been interrupted as often as it shall be, and a little more.</summary>
    private const string Endless = """
        echo "machine $FE2_ATTEMPT" >> machines
        touch lines; n=$(wc -l < lines); end=$((n + 25))
        while [ $FE2_ATTEMPT -le $TIMES ] || [ $n -lt $end ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.2; done
        """;

    [HostedFact]
    public async Task NothingIsLostInAStorm()
    {
        var wanted = (Environment.GetEnvironmentVariable("FE2_STORM") ?? "3x2").Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        var (jobs, times) = (wanted[0], wanted[1]);
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var watch = Stopwatch.StartNew();
        var storms = Enumerable.Range(1, jobs).Select(n => OneAsync($"storm{n}", times, new Random(seed + n))).ToArray();
        var all = await Task.WhenAll(storms);
        output.WriteLine($"{jobs * times} interruptions of {jobs} jobs in {watch.Elapsed.TotalSeconds:0} s; {all.Sum(a => a.Attempts)} starts, {all.Sum(a => a.Lines)} lines, none lost or twice; "
            + $"not running {all.Average(a => a.Lost.TotalSeconds / times):0.0} s an interruption");
    }

    private async Task<(int Attempts, int Lines, TimeSpan Lost)> OneAsync(string name, int times, Random random)
    {
        var target = await Cloud.LaunchAsync(name, spot: true);
        var job = await StartAsync(target, $"TIMES={times}\n{Endless}", new RecoveryOptions { MaxRestarts = 1000 }, name, OnExit.Terminate);
        var waiting = new JobRecovery(Cloud.Session, Cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }
            .WaitAsync(job, TimeSpan.FromHours(1), next => job = next);
        for (var struck = 1; struck <= times; struck++)
        {
            // One question that is answered when it is so: many jobs that ask all the time would be the storm themselves.
            await Until.TrueAsync(
                async () => job.Attempt >= struck && await OnMonitorAsync(job, $"for i in $(seq 100); do [ $(wc -l < machines) -lt {struck} ] || exec echo yes; sleep 0.2; done") == "yes\n",
                $"{name} works on its machine {struck}", 600);
            var pause = random.NextDouble() * 6;
            var clock = Stopwatch.StartNew();
            await Until.TrueAsync(() => clock.Elapsed.TotalSeconds > pause, "a moment");
            await StrikeAsync(job.TargetId, random);
        }

        var over = await waiting;
        Assert.True((over.State, over.ExitCode) == (JobState.Finished, 0), $"{name}: {over.State} {over.ExitCode}: {over.Note}");
        var lines = (await OnMonitorAsync(over, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Lines(lines.Length), lines);
        Assert.True(over.Recovery!.Attempts.Count > times, $"{over.Recovery.Attempts.Count} machines");
        await NothingIsLeftAsync(over);
        return (over.Recovery.Attempts.Count, lines.Length, over.Recovery.TimeLost);
    }

    private async Task StrikeAsync(string instance, Random random)
    {
        switch (random.Next(10))
        {
            case < 3:
                await KillNowAsync(instance);
                break;
            case < 4:
                await Cloud.FaultAsync(new { kind = "rebalance", instance });
                await InterruptAsync(instance, random.Next(5, 30));
                break;
            case < 5:
                await InterruptAsync(instance, random.Next(20, 60));
                await InterruptAsync(instance, random.Next(5, 20));
                break;
            default:
                await InterruptAsync(instance, random.Next(5, 60));
                break;
        }
    }
}
