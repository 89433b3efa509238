using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>A notice at every phase of a job.</summary>
public sealed class InterruptionPhaseTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    private const int Few = 60;

    [HostedFact]
    public async Task BeforeTheScriptHasStarted()
    {
        var target = await Cloud.LaunchAsync("before", spot: true);
        await InterruptAsync("before", 25);
        var job = await StartAsync(target, Script(120), new(), "before", OnExit.Terminate);
        await CompleteAsync(await FinishAsync(job), 2, 120);
    }

    [HostedFact]
    public async Task WhileTheFolderIsOnItsWayToTheMachine()
    {
        var large = Path.Combine(Cloud.Folder(), "large");
        await File.WriteAllBytesAsync(large, new byte[150_000_000]);
        var target = await Cloud.LaunchAsync("copying", spot: true);
        var starting = StartAsync(target, Script(120), new(), "copying", OnExit.Terminate, r => r with { Files = [large] });
        await Until.TrueAsync(async () => (await Cloud.OnMonitorAsync("ls -A ~/fastec2/copying 2>/dev/null")).Length > 0, "the folder is being made", 60);
        await InterruptAsync("copying", 40);
        var over = await FinishAsync(await starting);
        await CompleteAsync(over, null, 120);
        Assert.Equal("150000000\n", await OnMonitorAsync(over, "stat -c %s large"));
    }

    [HostedFact]
    public async Task WhileTheLastResultsAreOnTheirWay()
    {
        var (job, _) = await BeginAsync("flushing", lines: 5, end: "[ -s sum ] || { head -c 150000000 /dev/urandom > big; sha256sum big > sum; }");
        await Until.TrueAsync(async () => (await OnMonitorAsync(job, "wc -l < lines")).Trim() == "5", "it is at its end", 60);
        await InterruptAsync("flushing", 60);
        var over = await FinishAsync(job);
        await CompleteAsync(over, null, 5);
        Assert.Equal("big: OK\n", await OnMonitorAsync(over, "sha256sum -c sum"));
    }

    [HostedFact]
    public async Task TwiceWithinAMinute()
    {
        var (job, _) = await BeginAsync("twice", lines: 120);
        await InterruptAsync("twice", 60);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls .fe2/interrupted") != "", "the first notice is known", 60);
        await InterruptAsync("twice", 20);
        await CompleteAsync(await FinishAsync(job), 2, 120);
    }

    [HostedFact]
    public async Task AfterARecommendationToRebalance()
    {
        var (job, _) = await BeginAsync("early", lines: 120);
        await Cloud.FaultAsync(new { kind = "rebalance", instance = "early" });
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "ls .fe2/rebalance") != "", "the recommendation is known", 60);
        await InterruptAsync("early", 30);
        await CompleteAsync(await FinishAsync(job), 2, 120);
    }

    [HostedFact]
    public async Task InTheLastMomentOfTheScript()
    {
        var (job, _) = await BeginAsync("last", lines: 15);
        await Until.TrueAsync(async () => int.Parse(await OnMonitorAsync(job, "wc -l < lines")) >= 12, "it is nearly over", 60);
        await InterruptAsync("last", 15);
        await CompleteAsync(await FinishAsync(job), null, 15);
    }

    [HostedFact]
    public async Task AScriptThatCanFinishInItsLastTwoMinutesMay()
    {
        var (job, _) = await BeginAsync("enough", lines: 25);
        await InterruptAsync("enough", 60);
        await CompleteAsync(await FinishAsync(job), null, 25);
    }

    [HostedFact]
    public async Task WhileTheReplacementComesUp()
    {
        var (job, _) = await BeginAsync("chased", lines: 150);
        await InterruptAsync("chased", 60);
        var waiting = FinishAsync(job);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).Count == 2, "the next machine is launched", 60);
        var next = (await MachinesOfAsync(job)).Last(m => m.Id != job.TargetId).Id;
        await Until.TrueAsync(async () => await Cloud.StateOfAsync(next) != "pending", "it runs", 60);
        await InterruptAsync(next, 20);
        await CompleteAsync(await waiting, null, 150);
    }

    [HostedFact]
    public async Task AScriptThatWritesWithoutAPause()
    {
        const string Fast = "mkdir -p fast; for i in $(seq 1 40); do [ -e fast/$i ] || { seq 1 20000 > part; mv part fast/$i; }; done";
        var (job, _) = await BeginAsync("fast", lines: Few, end: Fast);
        await InterruptAsync("fast", 20);
        var over = await FinishAsync(job);
        await CompleteAsync(over, null, Few);
        Assert.Equal("800000\n", await OnMonitorAsync(over, "cat fast/* | wc -l"));
    }

    [HostedFact]
    public async Task WithThousandsOfSmallResults()
    {
        const string Many = "mkdir -p many; for i in $(seq 1 3000); do echo $i > many/$i; done";
        var (job, _) = await BeginAsync("many", lines: Few, more: $"[ \"$FE2_ATTEMPT\" -gt 1 ] || {{ {Many}; }}");
        await InterruptAsync("many", 30);
        var over = await FinishAsync(job);
        await CompleteAsync(over, 2, Few);
        Assert.Equal("3000\n", await OnMonitorAsync(over, "cat many/* | sort -nu | wc -l"));
    }

    [HostedFact]
    public async Task WithAHundredMegabytesThatAreWrittenBecauseOfIt()
    {
        const string Save = "trap 'head -c 100000000 /dev/urandom > state.new; sha256sum < state.new > state.sum; mv state.new state' USR1";
        var (job, _) = await BeginAsync("saves", lines: 100, more: Save);
        await InterruptAsync("saves", 60);
        var over = await FinishAsync(job);
        await CompleteAsync(over, 2, 100);
        Assert.Equal("same\n", await OnMonitorAsync(over, "[ \"$(sha256sum < state)\" = \"$(cat state.sum)\" ] && echo same"));
    }

    [HostedFact]
    public async Task WithAHookThatFails() => await WithHookAsync("bad-hook", "echo had >> hook; exit 7", "had\n");

    [HostedFact]
    public async Task WithAHookThatHangs() => await WithHookAsync("stuck-hook", "echo had >> hook; exec sleep 600", "had\n");

    [HostedFact]
    public async Task WithAHookThatWritesLate() => await WithHookAsync("late-hook", "sleep 4; head -c 20000000 /dev/zero > late; echo had >> hook", "had\n");

    [HostedFact]
    public async Task WithASignalThatEndsTheScript()
    {
        var (job, _) = await BeginAsync("ends", lines: 120, with: r => r with { InterruptSignal = InterruptSignal.TERM, Recovery = r.Recovery! with { Signal = InterruptSignal.TERM } });
        await InterruptAsync("ends", 30);
        await CompleteAsync(await FinishAsync(job), 2, 120);
    }

    [HostedFact]
    public async Task WithoutASignal()
    {
        var (job, _) = await BeginAsync("quiet", lines: 120, with: r => r with { InterruptSignal = InterruptSignal.None, Recovery = r.Recovery! with { Signal = InterruptSignal.None } });
        await InterruptAsync("quiet", 30);
        var over = await FinishAsync(job);
        await CompleteAsync(over, 2, 120);
        Assert.Equal("", await OnMonitorAsync(over, "ls | grep saves"));
    }

    [HostedFact]
    public async Task WithNamesThatAreHardToQuote()
    {
        const string Odd = "[ \"$FE2_ATTEMPT\" -gt 1 ] || { echo 하나 > '결과 $1 `x` \"q\".txt'; mkdir -p '폴더 하나'; echo 둘 > '폴더 하나/-rf'; }";
        var (job, _) = await BeginAsync("odd", name: "훈련 1's", lines: Few, more: Odd);
        await InterruptAsync("odd", 30);
        var over = await FinishAsync(job);
        await CompleteAsync(over, 2, Few);
        Assert.Equal("하나\n둘\n", await OnMonitorAsync(over, "cat '결과 $1 `x` \"q\".txt' '폴더 하나/-rf'"));
    }

    private async Task WithHookAsync(string name, string text, string expected)
    {
        var hook = Path.Combine(Cloud.Folder(), "on-interrupt");
        await File.WriteAllTextAsync(hook, "#!/bin/sh\n" + text + "\n");
        var (job, _) = await BeginAsync(name, lines: 100, with: r => r with { Files = [hook] });
        await InterruptAsync(name, 30);
        var over = await FinishAsync(job);
        await CompleteAsync(over, 2, 100);
        Assert.Equal(expected, await OnMonitorAsync(over, "cat hook"));
    }
}
