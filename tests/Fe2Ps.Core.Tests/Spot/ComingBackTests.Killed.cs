using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>What sees to the job on its machine (keep) was killed before that hibernates.</summary>
public sealed partial class ComingBackTests
{
    [HostedFact]
    public async Task AScriptThatHasEndedAtTheNoticeGoesOnAfterTheHibernationAlsoWithoutItsKeeper()
    {
        var (target, job) = await HibernateWithoutKeeperAsync("orphan", "trap 'exit 75' USR1\n" + Counter, $"[ -f resting ] && ! kill -0 $(cut -d ' ' -f 1 run.pid)");
        await EndAsync(job, starts: 2);
        var over = await FinishAsync(await KnownAsync(job));
        Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal(["interrupted", null], over.Recovery!.Attempts.Select(a => a.End));
        await CompleteAsync(over, starts: 2);
        await RemoveAsync(target);
    }

    [HostedFact]
    public async Task AScriptThatSleepsThroughAHibernationHasAKeeperAgain()
    {
        var (target, job) = await HibernateWithoutKeeperAsync("widow", Counter, "[ -f notice-known ]");
        await EndAsync(job, starts: 1);
        var over = await FinishAsync(await KnownAsync(job));
        Assert.Equal((JobState.Finished, 0, 1, null), (over.State, over.ExitCode, over.Attempt, over.Interrupted));
        await CompleteAsync(over, starts: 1);
        await RemoveAsync(target);
    }

    /// <summary>Returns when the machine is awake again and the job has a keeper, with which nobody but the machine has had to do.</summary>
    /// <param name="when">Once this holds in the job's private folder, its keeper is killed.</param>
    private async Task<(JobMachine Target, Job Job)> HibernateWithoutKeeperAsync(string name, string script, string when)
    {
        var target = await cloud.LaunchAsync(name, OnInterruption.Hibernate);
        var job = await StartAsync(target, script, new RecoveryOptions());
        await WritesAsync(job);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", market = "spot" });
            // Longer than the watch takes to see that no process of the job lives.
            await cloud.FaultAsync(new { kind = "interrupt", instance = name, seconds = 55 });
            await using (var session = await cloud.Connector.OpenAsync(target.Ssh))
            {
                await Until.TrueAsync(
                    async () => (await session.RunAsync($"cd ~/.fe2/jobs/{job.Id} && {when} && kill -9 $(cut -d ' ' -f 1 keep.pid)")).ExitCode == 0, "the keeper is killed", 50);
            }

            await StateAsync(target, "stopped");
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await cloud.FaultAsync(new { kind = "room", instance = name });
        await StateAsync(target, "running");
        var awake = await cloud.Jobs.MachineAsync(target.Id);
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await using var session = await cloud.Connector.OpenAsync(awake.Ssh);
                    return (await session.RunAsync($"kill -0 $(cut -d ' ' -f 1 ~/.fe2/jobs/{job.Id}/keep.pid)")).ExitCode == 0;
                }
                catch (Fe2Exception)
                {
                    return false;
                }
            },
            "the job has a keeper", 90);
        return (awake, job);
    }
}
