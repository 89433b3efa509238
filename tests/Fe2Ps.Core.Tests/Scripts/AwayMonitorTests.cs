using System.Diagnostics;
using System.Globalization;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A monitor that is away for two full minutes of a job's life.</summary>
public sealed class AwayMonitorTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task TwoMinutesWithoutTheMonitorLoseNothing()
    {
        var target = await cloud.LaunchAsync("alone2");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            n=0
            while ! [ -e ~/go-on ]; do
                n=$((n + 1))
                head -c 20000 /dev/urandom > result-$n
                sha256sum result-$n >> sums
                echo $n
                echo "line $n" >> log
                sleep 0.2
            done
            cp log log-at-the-end
            """, target));
        var there = ShellQuote.Home(job.Folder);
        await Until.TrueAsync(async () => await Results() > 3, "results are on the monitor");
        await cloud.FaultAsync(new { kind = "cut", instance = "od1" });
        var away = Stopwatch.StartNew();
        await Until.TrueAsync(() => away.Elapsed > TimeSpan.FromMinutes(2), "two minutes are over", 130);

        // The script went on meanwhile, and its owner can still ask the target.
        var alone = Assert.Single(await new JobCatalogue(cloud.Connector).GetAsync([target]), j => j.Id == job.Id);
        Assert.Equal(JobState.Running, alone.State);
        await using var session = await cloud.Connector.OpenAsync(target.Ssh);
        var made = int.Parse((await session.RunAsync($"ls {there}/result-* | wc -l")).OutputText, CultureInfo.InvariantCulture);
        Assert.True(made > 100, $"{made} results");
        await cloud.FaultAsync(new { kind = "join", instance = "od1" });

        // What it missed comes while the script still runs.
        await Until.TrueAsync(async () => await Results() >= made, "the monitor has caught up", 60);
        await session.RunAsync("touch ~/go-on");
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(90));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("", await cloud.OnMonitorAsync($"cd {there}; sha256sum -c --quiet sums 2>&1; cmp log log-at-the-end"));
        var counted = await cloud.OnMonitorAsync($"cd {there}; ls result-* | wc -l; grep -c . sums; tail -n 1 .fe2/output.log");
        var last = (await session.RunAsync($"tail -n 1 {there}/.fe2/output.log")).OutputText;
        Assert.Equal(last + last + last, counted);

        async Task<int> Results() =>
            int.Parse(await cloud.OnMonitorAsync($"ls {there} | grep -c '^result-'"), CultureInfo.InvariantCulture);
    }
}
