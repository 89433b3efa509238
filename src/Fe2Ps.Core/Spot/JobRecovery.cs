using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// Sees a job through to its end over as many machines as it takes. Any computer can do so, or take over from another one: all
/// that it needs is in tags and on the monitor.
/// </summary>
public sealed class JobRecovery(Fe2Session session, CloudJobs jobs)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>A notice that never reached the monitor, or a machine that EC2 gave another fate: two calls each time.</summary>
    private static readonly TimeSpan AskCloudEvery = TimeSpan.FromMinutes(5);

    private readonly string _holder = $"{Environment.MachineName.Replace(' ', '_')}-{Guid.NewGuid():N}";

    /// <summary>How long another try waits where there is no room anywhere.</summary>
    internal TimeSpan BetweenTries { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Waits until the script has ended by itself, and gives it another machine whenever the one it runs on is taken away.</summary>
    /// <param name="job">A job with <see cref="Job.Recovery"/>.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="moved">Told of the job on its next machine.</param>
    /// <returns>The job, finished; or lost, when it was started again as often as it may be.</returns>
    /// <exception cref="Fe2Exception"><c>ScriptWaitTimeout</c>; what a launch or a start on a new machine can fail with for good.</exception>
    public async Task<Job> WaitAsync(
        Job job, TimeSpan timeout, Action<Job>? moved = null, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        var start = session.Clock.GetTimestamp();
        var asked = start;
        while (true)
        {
            var now = await LookAsync(job, report, cancellationToken).ConfigureAwait(false);
            if (now.Recovery is not { } facts)
                return await jobs.Control.WaitAsync(now, timeout, report, cancellationToken).ConfigureAwait(false);
            var isMarked = false;
            if (session.Clock.GetElapsedTime(asked) > AskCloudEvery)
            {
                asked = session.Clock.GetTimestamp();
                isMarked = await new InterruptionSigns(session).IsMarkedAsync(facts.Last.InstanceId, cancellationToken).ConfigureAwait(false);
            }

            var lives = now.State != JobState.Preparing || await jobs.IsAliveAsync(facts.Last.InstanceId, cancellationToken).ConfigureAwait(false);
            switch (Recovery.Next(now, facts, lives, isMarked))
            {
                case RecoveryStep.Done:
                    return await SettledAsync(now, facts, report, cancellationToken).ConfigureAwait(false);
                case RecoveryStep.GiveUp:
                    return await SettledAsync(
                        now with
                        {
                            State = now.State == JobState.Finished ? now.State : JobState.Lost,
                            Note = $"it was started on {facts.Attempts.Count} machines, as often as it may be",
                        },
                        facts, report, cancellationToken).ConfigureAwait(false);
                case RecoveryStep.Watch:
                    // A machine that EC2 has started again has another public address.
                    if (now.Target is { IsRunning: true } && now.Target.Ssh.Address != job.Target?.Ssh.Address)
                        moved?.Invoke(now);
                    job = now;
                    report?.Report(new ProgressReport($"Job {job.Name}", Status(job, session.Clock.GetElapsedTime(start))));
                    break;
                default:
                    var next = await TryMoveAsync(now, facts, report, cancellationToken).ConfigureAwait(false);
                    if (next is not null && next.Attempt > now.Attempt)
                        moved?.Invoke(next);
                    job = next ?? now;
                    if (next is null)
                        await Task.Delay(Pause, session.Clock, cancellationToken).ConfigureAwait(false);
                    continue;
            }

            var left = timeout - session.Clock.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw JobErrors.WaitTimeout(job, timeout);
            await jobs.Control.WaitForNewsAsync(job, left, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Nothing of the job's other machines is left, and its volumes become what they were before it.</summary>
    private async Task<Job> SettledAsync(Job job, RecoveryFacts facts, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await new FormerMachines(session).EndAsync(facts, report, cancellationToken).ConfigureAwait(false);
        // What somebody has launched for it to go on with, who did not come any further.
        if (await new Replacement(session, jobs.Connector).FindAsync(job.Id, facts.Last.Number + 1, cancellationToken).ConfigureAwait(false) is { } spare
            && facts.Attempts.All(a => a.InstanceId != spare.InstanceId))
        {
            await new InstanceActions(session).RemoveAsync([spare], cancellationToken).ConfigureAwait(false);
        }

        await new JobVolumes(session, jobs.Connector, report).SettleAsync(job, facts, cancellationToken).ConfigureAwait(false);
        return job;
    }

    /// <summary>The job as it stands, on the machine that it is on by now.</summary>
    private async Task<Job> LookAsync(Job job, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var now = await jobs.Control.RefreshAsync(job, report, cancellationToken).ConfigureAwait(false);
        if (now.TargetId == job.TargetId && (now.Session is not null || now.IsOver))
            return now with { Recovery = now.Recovery ?? job.Recovery };
        var there = now with { Target = await jobs.FindMachineAsync(now.TargetId, cancellationToken).ConfigureAwait(false) };
        if (now.TargetId == job.TargetId && (there.Target is not { IsRunning: true } || there.Target.Ssh.Address == job.Target?.Ssh.Address))
            return there with { Recovery = now.Recovery ?? job.Recovery };
        now = await jobs.Control.RefreshAsync(there, report, cancellationToken).ConfigureAwait(false);
        return now with { Recovery = now.Recovery ?? there.Recovery ?? job.Recovery };
    }

    /// <summary>Brings the job to its next machine. Null when another computer is at it, or when it has to be tried again.</summary>
    private async Task<Job?> TryMoveAsync(Job job, RecoveryFacts facts, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (job.Monitor is not { IsRunning: true } there)
            throw JobErrors.NobodyHasJob(job);
        try
        {
            await using var monitor = await JobHost.OpenAsync(jobs.Connector, there, cancellationToken).ConfigureAwait(false);
            await RemoteScripts.InstallAsync(monitor.Session, there, cancellationToken).ConfigureAwait(false);
            await using var lease = await RecoveryLease.TryTakeAsync(monitor, job.Id, _holder, session.Clock, cancellationToken).ConfigureAwait(false);
            if (lease is null)
            {
                report?.Report(new ProgressReport($"Job {job.Name}", "another computer sees to its recovery"));
                return null;
            }

            // What was seen before may have been settled by the computer that had the lease until now: another machine, or its start.
            var latest = await RecoveryStore.ReadAsync(monitor, job.Id, cancellationToken).ConfigureAwait(false);
            if (Place(latest) != Place(facts))
                return null;
            using var mine = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lease.Lost);
            try
            {
                return await new JobMove(session, jobs, monitor, job, _holder, BetweenTries).RunAsync(latest, report, mine.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                report?.Report(new VerboseReport($"{there.Name} was not heard of for too long, so another computer may see to {job.Name} by now."));
                return null;
            }
        }
        catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection || e.Id is "ScriptStartFailed" or "MonitorUnreachable")
        {
            // A machine that is taken away in the middle, a monitor that is away: the next round finds out how things are.
            report?.Report(new VerboseReport($"{e.Message} The job is taken up again."));
            return null;
        }
    }

    /// <summary>How far the job has come.</summary>
    private static (int Count, string Machine, bool IsStarted) Place(RecoveryFacts facts) =>
        (facts.Attempts.Count, facts.Last.InstanceId, facts.Last.Started is not null);

    private static string Status(Job job, TimeSpan waited) =>
        (job.Note ?? job.State.ToString().ToLowerInvariant()) + (job.Attempt > 1 ? $" on its machine {job.Attempt}, {job.TargetName}" : "")
        + $", {waited.TotalSeconds:0} s so far";
}
