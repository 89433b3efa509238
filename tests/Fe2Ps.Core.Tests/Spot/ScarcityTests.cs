using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Interruptions while EC2 has no room, or hardly answers.</summary>
public sealed class ScarcityTests(HostedJobFixture cloud) : CountedJobTests(cloud), IClassFixture<HostedJobFixture>
{
    private const int Few = 100;

    [HostedFact]
    public async Task AZoneWithoutRoomIsLeft()
    {
        var (job, zone) = await BeginInAsync("zone");
        await DuringAsync([new { kind = "capacity", zone }], async () =>
        {
            var over = await GoOnAsync(job);
            Assert.NotEqual(zone, over.Recovery!.Last.Zone);
            Assert.True(over.Recovery.Last.IsSpot);
        });
    }

    [HostedFact]
    public async Task ATypeWithoutRoomIsReplacedByTheNextThatWasNamed()
    {
        var (job, _) = await BeginInAsync("type", new RecoveryOptions { InstanceTypes = ["t3.small", "t3.medium"] });
        await DuringAsync([new { kind = "capacity", instanceType = "t3.micro" }, new { kind = "capacity", instanceType = "t3.small" }], async () =>
        {
            var over = await GoOnAsync(job);
            Assert.Equal(("t3.medium", true), (over.Recovery!.Last.InstanceType, over.Recovery.Last.IsSpot));
        });
    }

    [HostedFact]
    public async Task NoMoreSpotMachinesThanTheAccountMayHaveMeansOnDemand()
    {
        var (job, _) = await BeginInAsync("quota");
        await DuringAsync([new { kind = "spot-count" }], async () => Assert.False((await GoOnAsync(job)).Recovery!.Last.IsSpot));
    }

    [HostedFact]
    public async Task ALimitOfProcessorsThatGoesAwayIsWaitedOut()
    {
        var (job, _) = await BeginInAsync("limit");
        await DuringAsync([new { kind = "vcpu-limit", times = 6 }], async () => await GoOnAsync(job));
    }

    [HostedFact]
    public async Task WithoutAnyFallbackTheSameMachineIsWaitedFor()
    {
        var (job, zone) = await BeginInAsync("same", new RecoveryOptions { Fallback = [] });
        await DuringAsync([new { kind = "capacity", zone, times = 6 }], async () =>
        {
            var over = await GoOnAsync(job);
            Assert.Equal((zone, true), (over.Recovery!.Last.Zone, over.Recovery.Last.IsSpot));
        });
    }

    [HostedFact]
    public Task ThrottledHalfOfTheTime() => UnderAsync("throttled", new { kind = "throttle", rate = 0.5 });

    [HostedFact]
    public Task UnavailableEveryThirdTime() => UnderAsync("unavailable", new { kind = "error", status = 503, every = 3 });

    [HostedFact]
    public Task ConnectionsThatAreCut() => UnderAsync("resets", new { kind = "reset", every = 4 });

    [HostedFact]
    public Task AMachineWhoseAnswerIsLostIsNotLaunchedTwice() => UnderAsync("unheard", new { kind = "lost-answer", operation = "RunInstances", times = 1 });

    [HostedFact]
    public Task ANewMachineThatIsUnknownForAWhile() => UnderAsync("late", new { kind = "late-visibility", seconds = 3 });

    [HostedFact]
    public Task SlowAnswers() => UnderAsync("slow", new { kind = "slow", seconds = 1, every = 2 });

    private Task UnderAsync(string name, object fault) => DuringAsync([], async () =>
    {
        var (job, _) = await BeginInAsync(name);
        await Cloud.FaultAsync(fault);
        await GoOnAsync(job);
    });

    private async Task<(Job Job, string Zone)> BeginInAsync(string name, RecoveryOptions? options = null)
    {
        var (job, _) = await BeginAsync(name, options, lines: Few);
        return (job, job.Recovery!.Last.Zone);
    }

    /// <summary>It is interrupted once, takes two machines, and nothing is lost or left; told while the fault still stands.</summary>
    private async Task<Job> GoOnAsync(Job job)
    {
        await InterruptAsync(job.TargetId, 10);
        var over = await FinishAsync(job);
        await Cloud.ClearFaultsAsync();
        await CompleteAsync(over, 2, Few);
        return over;
    }
}
