using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Interruption notices on hosts that really go away.</summary>
public sealed class NoticeTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    /// <summary>Writes a numbered line every tenth of a second, and says when it was asked to save.</summary>
    private const string Writer = """
        trap 'echo "asked to save" >> "$FE2_DIR/saved"' USR1
        n=0
        while :; do n=$((n + 1)); echo "line $n" >> "$FE2_DIR/lines"; sleep 0.1; done
        """;

    [HostedFact]
    public async Task ANoticeSavesWhatThereIsBeforeTheMachineIsGone()
    {
        var target = await cloud.LaunchAsync("noticed", spot: true);
        var hook = Path.Combine(cloud.Folder(), "on-interrupt");
        await File.WriteAllTextAsync(hook, "#!/bin/sh\necho \"$1\" > hook-had\nprintf '%s' \"$KEPT\" > hook-knows\n");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("head -c 70000000 /dev/urandom > big; " + Writer, target) with
        {
            Files = [hook],
            Environment = new Dictionary<string, string> { ["KEPT"] = "a 'value'" },
        });
        await WritesAsync(job);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "noticed", seconds = 20 });
        var noticed = System.Diagnostics.Stopwatch.StartNew();
        await Until.TrueAsync(async () => await HasAsync(job, ".fe2/interrupted"), "the monitor knows of the notice");
        Assert.True(noticed.Elapsed < TimeSpan.FromSeconds(18), $"{noticed.Elapsed}");
        var seen = await KnownAsync(job);
        Assert.Equal(JobState.Interrupted, seen.State);
        Assert.NotNull(seen.Interrupted);
        Assert.InRange((seen.Deadline!.Value - seen.Interrupted!.Value).TotalSeconds, 10, 21);

        await Until.TrueAsync(async () => !await cloud.Jobs.IsRunningAsync(target.Id, default), "EC2 takes the machine away", 60);
        var before = DateTimeOffset.UtcNow - TimeSpan.FromSeconds(15);
        var gone = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal(JobState.Lost, gone.State);
        Assert.True(gone.Saved > before, $"{gone.Saved} is not after {before}");
        Assert.Contains("EC2 took", gone.Note);
        Assert.Equal("asked to save\n", await OnMonitorAsync(job, "cat saved"));
        Assert.Equal("a 'value'", await OnMonitorAsync(job, "cat hook-knows"));
        Assert.InRange(int.Parse(await OnMonitorAsync(job, "cat hook-had")), 10, 20);
        Assert.Equal("70000000\n", await OnMonitorAsync(job, "stat -c %s big"));
        var lines = (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(n => $"line {n}"), lines);
        Assert.DoesNotContain(job.Id, await cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"));
    }

    [HostedFact]
    public async Task AScriptThatCatchesNothingIsLeftAloneAndMayFinish()
    {
        var target = await cloud.LaunchAsync("calm", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            until [ -e "$FE2_NOTICE" ]; do sleep 0.1; done
            cp "$FE2_NOTICE" notice; sleep 3; echo done > result
            """, target));
        await cloud.FaultAsync(new { kind = "interrupt", instance = "calm", seconds = 40 });
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(30));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("done\n", await OnMonitorAsync(job, "cat result"));
        Assert.Contains("terminate", await OnMonitorAsync(job, "cat notice"));
    }

    [HostedFact]
    public async Task AScriptThatEndsBecauseOfTheNoticeWasInterruptedAndDidNotFail()
    {
        var target = await cloud.LaunchAsync("ended", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(
            "trap 'echo bye > bye; exit 3' TERM; echo up > up; while :; do sleep 0.1; done", target) with
        { InterruptSignal = InterruptSignal.TERM, OnExit = OnExit.Terminate });
        await Until.TrueAsync(async () => await HasAsync(job, "up"), "the script runs");
        await cloud.FaultAsync(new { kind = "interrupt", instance = "ended", seconds = 90 });
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal(JobState.Lost, job.State);
        Assert.NotNull(job.Interrupted);
        Assert.Equal("bye\n", await OnMonitorAsync(job, "cat bye"));
        await Until.TrueAsync(async () => !await cloud.Jobs.IsRunningAsync(target.Id, default), "it does not wait for its end", 60);
    }

    [HostedFact]
    public async Task TwoJobsOnOneMachineAreToldAndAHookThatHangsLosesNothing()
    {
        var target = await cloud.LaunchAsync("shared", spot: true);
        var hook = Path.Combine(cloud.Folder(), "on-interrupt");
        await File.WriteAllTextAsync(hook, "#!/bin/sh\ntrap '' TERM\ntouch hook-hangs\nwhile :; do sleep 1; done\n");
        Job[] both =
        [
            await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Writer, target) with { Name = "first", Files = [hook] }),
            await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Writer, target) with { Name = "second" }),
        ];
        foreach (var job in both)
            await WritesAsync(job);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "shared", seconds = 30 });
        foreach (var job in both)
        {
            var gone = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(90));
            Assert.Equal(JobState.Lost, gone.State);
            Assert.NotNull(gone.Interrupted);
            Assert.Equal("asked to save\n", await OnMonitorAsync(job, "cat saved"));
            Assert.True(gone.Saved > gone.Interrupted, $"{gone.Saved} {gone.Interrupted}");
        }

        Assert.True(await HasAsync(both[0], "hook-hangs"));
    }

    [HostedFact]
    public async Task ARebalanceRecommendationSavesAndDisturbsNobody()
    {
        var target = await cloud.LaunchAsync("balance", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("head -c 70000000 /dev/zero > big; " + Writer, target));
        await WritesAsync(job);
        await cloud.FaultAsync(new { kind = "rebalance", instance = "balance" });
        await Until.TrueAsync(async () => await HasAsync(job, ".fe2/rebalance") && await HasAsync(job, ".fe2/saved") && await HasAsync(job, "big"), "what there is, is saved", 25);
        Assert.Equal(JobState.Running, (await KnownAsync(job)).State);
        Assert.False(await HasAsync(job, "saved"));
        await cloud.Jobs.Control.StopAsync(job);
    }

    [HostedFact]
    public async Task TheNoticeIsHeardThroughAServiceThatFails()
    {
        var target = await cloud.LaunchAsync("flapping", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Writer, target));
        await WritesAsync(job);
        try
        {
            await cloud.FaultAsync(new { kind = "imds-expired", every = 3 });
            await cloud.FaultAsync(new { kind = "imds-error", rate = 0.4 });
            await cloud.FaultAsync(new { kind = "imds-slow", rate = 0.2, seconds = 60 });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "flapping", seconds = 120 });
            await Until.TrueAsync(async () => await HasAsync(job, "saved"), "the script was asked", 60);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await cloud.Jobs.Control.StopAsync(job);
        Assert.Equal("1\n", await OnMonitorAsync(job, "wc -l < saved"));
    }

    [HostedFact]
    public async Task WatchingCostsNextToNothingAndEndsWithTheLastJob()
    {
        var target = await cloud.LaunchAsync("cheap", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("sleep 600", target));
        await using var session = await cloud.Connector.OpenAsync(target.Ssh);
        // The two processes of watch: resident memory in KiB, and clock ticks of processor time, children included.
        const string Cost = """
            read -r watch _ < ~/.fe2/watch.pid || exit 1
            for p in $watch $(pgrep -P $watch); do
                awk '/^Rss:/ { kib = $2 } END { print kib }' /proc/$p/smaps_rollup | tr '\n' ' '
                sed 's/^.*) //' /proc/$p/stat | awk '{ print $12 + $13 + $14 + $15 }'
            done | awk '{ m += $1; t += $2 } END { print m, t, NR }'
            """;
        long[] first = [];
        await Until.TrueAsync(async () => (first = Numbers((await session.RunAsync(Cost)).OutputText)) is [_, _, >= 2], "watch is up");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Until.TrueAsync(() => clock.Elapsed > TimeSpan.FromSeconds(20), "20 s of watching");
        var last = Numbers((await session.RunAsync(Cost)).OutputText);
        Assert.True(last[0] < 10 * 1024, $"{last[0]} KiB");
        var share = (last[1] - first[1]) / 100.0 / clock.Elapsed.TotalSeconds;
        Assert.True(share < 0.005, $"{share:P2} of a core");
        await cloud.Jobs.Control.StopAsync(job);
        await Until.TrueAsync(async () => (await session.RunAsync("pgrep -f '/[.]fe2/watch'")).OutputText == "", "watch ends", 60);

        static long[] Numbers(string text) => [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
    }

    [HostedFact]
    public async Task AMachineWithoutBashAsksWithCurl()
    {
        var target = await cloud.LaunchAsync("plain", spot: true);
        // Every program but bash, where a job's script would look for it.
        await using var session = await cloud.Connector.OpenAsync(target.Ssh);
        Assert.Equal(0, (await session.RunAsync("mkdir ~/bin && ln -s /usr/bin/* /usr/sbin/* ~/bin/ 2>/dev/null; rm ~/bin/bash")).ExitCode);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Writer, target));
        await WritesAsync(job);
        await session.RunAsync("""
            read -r watch _ < ~/.fe2/watch.pid; kill $watch; while [ -d /proc/$watch ]; do sleep 0.1; done
            PATH=$HOME/bin setsid sh ~/.fe2/watch </dev/null >/dev/null 2>&1 &
            """);
        await cloud.FaultAsync(new { kind = "imds-expired", times = 1 });
        await cloud.FaultAsync(new { kind = "interrupt", instance = "plain", seconds = 120 });
        await Until.TrueAsync(async () => await HasAsync(job, "saved"), "the script was asked", 60);
        Assert.Equal("sh", (await session.RunAsync("read -r watch _ < ~/.fe2/watch.pid; tr '\\0' '\\n' < /proc/$watch/cmdline | head -n 1")).OutputText.Trim());
        await cloud.Jobs.Control.StopAsync(job);
    }

    private async Task WritesAsync(Job job) =>
        await Until.TrueAsync(async () => await HasAsync(job, "lines"), "the first lines are on the monitor", 60);

    private async Task<bool> HasAsync(Job job, string file) => await OnMonitorAsync(job, $"test -e {file} && echo yes") == "yes\n";

    private Task<string> OnMonitorAsync(Job job, string command) => cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");

    private async Task<Job> KnownAsync(Job job) => Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
}
