using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Interruptions at moments that take long: they have a cloud of their own, so that no other case waits for them.</summary>
public sealed class LongFaultTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task AMonitorThatIsAwayForNinetySecondsAroundTheNoticeMissesNothing()
    {
        var (job, _) = await BeginAsync("unheard", lines: 600);
        await Cloud.FaultAsync(new { kind = "cut", instance = "od1" });
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Until.TrueAsync(() => clock.Elapsed > TimeSpan.FromSeconds(20), "20 s without the monitor", 60);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = "unheard", seconds = 120 });
        var waiting = FinishAsync(job);
        await Until.TrueAsync(() => clock.Elapsed > TimeSpan.FromSeconds(90), "90 s without the monitor", 120);
        await Cloud.FaultAsync(new { kind = "join", instance = "od1" });
        await CompleteAsync(await waiting, machines: 2, lines: 600);
    }

    [HostedFact]
    public async Task AGigabyteThatIsNotYetOnTheMonitorAtTheNoticeIsThereAfterwards()
    {
        const string Gigabyte = """
            if [ "$FE2_ATTEMPT" = 1 ]; then
                head -c 1073741824 /dev/urandom > ~/result; sha256sum < ~/result > sum; mv ~/result result
            fi
            """;
        var (job, target) = await BeginAsync("heavy", lines: 5, more: "", end: Gigabyte + "\n[ \"$(sha256sum < result)\" = \"$(cat sum)\" ] && echo whole > verdict\nwhile [ $FE2_ATTEMPT = 1 ]; do sleep 0.2; done");
        await Until.TrueAsync(async () => await OnTargetAsync(target, "ls ~/fastec2/heavy/result") != "", "the gigabyte is written", 180);
        await Cloud.FaultAsync(new { kind = "interrupt", instance = "heavy", seconds = 120 });
        var over = await FinishAsync(job);
        await CompleteAsync(over, machines: 2, lines: 5);
        Assert.Equal("whole\n", await OnMonitorAsync(over, "cat verdict"));
        Assert.Equal("whole\n", await OnMonitorAsync(over, "[ \"$(sha256sum < result)\" = \"$(cat sum)\" ] && echo whole"));
    }
}
