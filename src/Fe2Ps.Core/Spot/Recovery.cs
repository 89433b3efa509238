using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Spot;

/// <summary>What is to be done next for a job that goes on over several machines.</summary>
internal enum RecoveryStep
{
    /// <summary>The script runs: nothing.</summary>
    Watch,

    /// <summary>The machine is gone or about to go: another one takes over.</summary>
    Replace,

    /// <summary>A machine is there for it, and the script has not been started on it.</summary>
    Start,

    /// <summary>The script has ended.</summary>
    Done,

    /// <summary>It was started again as often as it may be.</summary>
    GiveUp,
}

/// <summary>The rules of recovery, and nothing else: whoever carries them out, on whatever computer, comes to the same step.</summary>
internal static class Recovery
{
    /// <summary>The next step. A machine that EC2 stops and starts again is waited for: its jobs go on there by themselves.</summary>
    /// <param name="job">The job as its machines know it.</param>
    /// <param name="facts">What the monitor has written down.</param>
    /// <param name="targetLives">Whether the cloud says that the present machine runs or starts.</param>
    /// <param name="isMarked">Whether the cloud says that it takes the present machine away.</param>
    public static RecoveryStep Next(Job job, RecoveryFacts facts, bool targetLives, bool isMarked)
    {
        if (job.State == JobState.Finished)
            return job.ExitCode is 0 or null || job.IsStopped || !facts.Options.RestartOnError ? RecoveryStep.Done : Again(facts);
        // A stop that was asked for is no interruption, whatever the machine does meanwhile.
        if (job.IsStopped)
        {
            return job.IsOver || !targetLives || isMarked || job.State == JobState.Interrupted || facts.Last.End is not null ? RecoveryStep.Done
                // Between two machines: nothing runs that could end, and the next one is not needed any more.
                : IsUnstarted(job, facts) && facts.Attempts.Count > 1 ? RecoveryStep.Start : RecoveryStep.Watch;
        }

        // Somebody has begun to hand it on, and came no further.
        if (facts.Last.End is not null)
            return Again(facts);
        if (facts.ComesBack && job.State != JobState.Lost && (isMarked || job.State == JobState.Interrupted))
            return RecoveryStep.Watch;
        if (!targetLives || isMarked || job.State is JobState.Lost or JobState.Interrupted)
            return Again(facts);
        // Flushing: the script has ended. What it ended with decides, once everything is on the monitor.
        return IsUnstarted(job, facts) ? RecoveryStep.Start : RecoveryStep.Watch;
    }

    private static bool IsUnstarted(Job job, RecoveryFacts facts) => facts.Last.Started is null && job.State == JobState.Preparing;

    private static RecoveryStep Again(RecoveryFacts facts) =>
        facts.Attempts.Count > facts.Options.MaxRestarts ? RecoveryStep.GiveUp : RecoveryStep.Replace;
}
