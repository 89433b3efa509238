using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>The rules of recovery, and the order in which room is looked for.</summary>
public sealed class RecoveryRulesTests
{
    [Theory]
    [InlineData(JobState.Running, null, true, false, nameof(RecoveryStep.Watch))]
    [InlineData(JobState.Flushing, null, true, false, nameof(RecoveryStep.Watch))]
    [InlineData(JobState.Running, null, true, true, nameof(RecoveryStep.Replace))]
    [InlineData(JobState.Running, null, false, false, nameof(RecoveryStep.Replace))]
    [InlineData(JobState.Interrupted, null, true, false, nameof(RecoveryStep.Replace))]
    [InlineData(JobState.Lost, null, true, false, nameof(RecoveryStep.Replace))]
    [InlineData(JobState.Lost, 143, false, false, nameof(RecoveryStep.Replace))]
    [InlineData(JobState.Finished, 0, true, false, nameof(RecoveryStep.Done))]
    [InlineData(JobState.Finished, 0, false, true, nameof(RecoveryStep.Done))]
    [InlineData(JobState.Finished, 1, true, false, nameof(RecoveryStep.Done))]
    public void EachStateHasItsStep(JobState state, int? exitCode, bool lives, bool isMarked, string step) =>
        Assert.Equal(step, Recovery.Next(TheJob(state, exitCode), Facts(), lives, isMarked).ToString());

    [Fact]
    public void AScriptThatFailedIsStartedAgainOnlyIfThatWasAskedForAndAsOftenAsItMayBe()
    {
        var facts = Facts() with { Options = new RecoveryOptions { RestartOnError = true, MaxRestarts = 1 } };
        var failed = TheJob(JobState.Finished, 1);
        Assert.Equal(RecoveryStep.Replace, Recovery.Next(failed, facts, true, false));
        Assert.Equal(RecoveryStep.Done, Recovery.Next(failed with { IsStopped = true }, facts, true, false));
        var second = facts with { Attempts = [facts.Last, facts.Last with { Number = 2 }] };
        Assert.Equal(RecoveryStep.GiveUp, Recovery.Next(failed, second, true, false));
        Assert.Equal(RecoveryStep.GiveUp, Recovery.Next(TheJob(JobState.Lost, null), second, false, false));
    }

    [Fact]
    public void AMachineThatIsThereForTheJobIsStartedOn()
    {
        var facts = Facts();
        facts = facts.WithLast(facts.Last with { Started = null });
        Assert.Equal(RecoveryStep.Start, Recovery.Next(TheJob(JobState.Preparing, null), facts, true, false));
        Assert.Equal(RecoveryStep.Replace, Recovery.Next(TheJob(JobState.Preparing, null), facts, false, false));
        // Stopped between two machines: whoever has the next one started ends it. The first one is its owner's.
        var stopped = TheJob(JobState.Preparing, null) with { IsStopped = true };
        Assert.Equal(RecoveryStep.Watch, Recovery.Next(stopped, facts, true, false));
        Assert.Equal(RecoveryStep.Start, Recovery.Next(stopped, facts with { Attempts = [facts.Last with { Started = DateTimeOffset.UnixEpoch }, facts.Last with { Number = 2 }] }, true, false));
    }

    [Fact]
    public void RoomIsLookedForInTypesAndThenOnDemandAndFailuresAreRememberedForTenMinutes()
    {
        var clock = new ManualTime();
        var walk = new CapacityWalk(Facts() with { Options = new RecoveryOptions { InstanceTypes = ["m5a.large", "m5.large"] } }, clock);
        Assert.Equal(
            [new("m5.large", null, true), new("m5a.large", null, true), new("m5.large", null, false), new("m5a.large", null, false)], walk.Choices);
        foreach (var choice in walk.Choices)
        {
            Assert.False(walk.IsExhausted);
            Assert.Equal(choice, walk.Next());
            walk.Failed(choice);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.True(walk.IsExhausted);
        Assert.Equal(walk.Choices[0], walk.Next());
        walk.Failed(walk.Choices[0]);
        Assert.Equal(walk.Choices[1], walk.Next());
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False(walk.IsExhausted);
        Assert.Equal(walk.Choices[0], walk.Next());
    }

    [Fact]
    public void WithoutFallbackOnlyTheSameMachineWillDo()
    {
        var walk = new CapacityWalk(Facts() with { Options = new RecoveryOptions { Fallback = [], InstanceTypes = ["m5a.large"] } }, TimeProvider.System);
        Assert.Equal([new CapacityChoice("m5.large", "us-east-2b", true)], walk.Choices);
    }

    [Fact]
    public void TimeLostIsTheTimeBetweenTheMachines()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var first = Facts().Last;
        var facts = Facts() with
        {
            Attempts =
            [
                first with { Started = start, Ended = start.AddMinutes(10) },
                first with { Number = 2, Started = start.AddMinutes(12), Ended = start.AddMinutes(20) },
                first with { Number = 3, Started = start.AddMinutes(21) },
            ],
        };
        Assert.Equal(TimeSpan.FromMinutes(3), facts.TimeLost);
    }

    [Theory]
    [InlineData(JobState.Interrupted, true, true, nameof(RecoveryStep.Watch))]
    [InlineData(JobState.Running, true, true, nameof(RecoveryStep.Watch))]
    [InlineData(JobState.Interrupted, false, false, nameof(RecoveryStep.Watch))]
    [InlineData(JobState.Lost, true, false, nameof(RecoveryStep.Replace))]
    [InlineData(JobState.Finished, false, false, nameof(RecoveryStep.Done))]
    public void AMachineThatEC2StartsAgainIsWaitedFor(JobState state, bool lives, bool isMarked, string step)
    {
        var facts = Facts() with { Machine = Facts().Machine with { OnInterruption = OnInterruption.Stop } };
        Assert.Equal(step, Recovery.Next(TheJob(state, state == JobState.Finished ? 0 : null), facts, lives, isMarked).ToString());
        // A replacement that is on demand is nothing that EC2 takes away.
        var onDemand = facts.WithLast(facts.Last with { IsSpot = false });
        Assert.False(onDemand.ComesBack);
    }

    private static Job TheJob(JobState state, int? exitCode) =>
        new("job-00000000", "job", "train.sh", state) { TargetId = "i-1", TargetName = "spot2", ExitCode = exitCode };

    private static RecoveryFacts Facts() => new(
        new RecoveryOptions(),
        new ReplacementMachine("spot2", "ami-1", "m5.large", "us-east-2b", 8, "default", [], "ubuntu", null, true, new Dictionary<string, string>()),
        InterruptSignal.USR1,
        [new JobAttempt(1, "i-1", "m5.large", "us-east-2b", true, 0.03m) { Started = DateTimeOffset.UnixEpoch }]);

    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
