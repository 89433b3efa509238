using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>What can be done with a job from any computer: follow it, wait for it, receive its results, stop it.</summary>
public sealed class JobControl(ISshConnector ssh, IJobCloud cloud, TimeProvider? time = null)
{
    private const int WaitSeconds = 15;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly JobCatalogue _catalogue = new(ssh, time);

    /// <summary>
    /// Hands over the script's output from byte <paramref name="from"/> on, as it comes, until the script has ended. A cut
    /// connection is taken up again at the same byte; when the target is gone, the monitor has the rest.
    /// </summary>
    /// <returns>The number of bytes of output there are.</returns>
    public async Task<long> FollowAsync(
        Job job, Action<ReadOnlyMemory<byte>> output, long from = 0, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        var follower = new JobFollower(ssh, cloud, _time, job, output, from);
        return await follower.RunAsync(report, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the job is over: the script has ended and, with a monitor, every result is there; or it is lost.
    /// Cancelling leaves the job as it is.
    /// </summary>
    /// <exception cref="Fe2Exception"><c>ScriptWaitTimeout</c>; <c>JobUnreachable</c>.</exception>
    public async Task<Job> WaitAsync(
        Job job, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var now = await RefreshAsync(job, report, cancellationToken).ConfigureAwait(false);
            if (now.IsOver)
                return now;
            var left = timeout - _time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw JobErrors.WaitTimeout(now, timeout);
            report?.Report(new ProgressReport(
                $"Job {now.Name}", now.Note ?? $"{now.State.ToString().ToLowerInvariant()}, {_time.GetElapsedTime(start).TotalSeconds:0} s so far"));
            await WaitThereAsync(now, Math.Min(WaitSeconds, (int)Math.Ceiling(left.TotalSeconds)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Copies the job's folder, as it is now, into a local one: from the monitor once everything is there, before that (and
    /// when the job was lost) from the target, which is ahead of it; a warning says when only the monitor could be asked.
    /// What is here already is not sent again. Without a monitor, a target that is to leave afterwards does so now, if the
    /// job was over before the copy began.
    /// </summary>
    public async Task<Job> ReceiveAsync(
        Job job, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        var before = await RefreshAsync(job, report, cancellationToken).ConfigureAwait(false);
        // Without a monitor the end of the script is the end of the job, save for a moment.
        if (before is { State: JobState.Flushing, MonitorId: null })
            before = await WaitAsync(before, TimeSpan.FromSeconds(WaitSeconds), report, cancellationToken).ConfigureAwait(false);
        Fe2Exception? failure = null;
        var isWhole = before.State == JobState.Finished;
        foreach (var machine in isWhole ? Holders(before) : Holders(before).Reverse())
        {
            try
            {
                await using var session = await ssh.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
                await session.ReceiveAsync(job.Folder, localFolder, report, cancellationToken).ConfigureAwait(false);
                // Also without an action on exit: another job may wait for these results before the machine leaves.
                if (job.MonitorId is null && before.IsOver)
                    await LeaveAsync(session, job, cancellationToken).ConfigureAwait(false);
                if (!isWhole && machine.Id == before.MonitorId)
                    report?.Report(new WarningReport(Incomplete(before, failure)));
                return before;
            }
            catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
            {
                // A target that ends itself in the middle has put everything on its monitor before.
                failure = e;
            }
        }

        throw failure ?? JobErrors.NobodyHasJob(job);
    }

    /// <summary>
    /// Ends the script (SIGTERM, after ten seconds SIGKILL) and returns when it has ended. Its results are flushed, and its
    /// action on exit follows, as after any other end. When the target is gone, its key leaves the monitor, and no other machine
    /// takes its place.
    /// </summary>
    /// <exception cref="Fe2Exception"><c>ScriptStillRuns</c>.</exception>
    public async Task<Job> StopAsync(Job job, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        // Whoever brings it to another machine looks on the monitor, and may be at it already; what its present machine is told may
        // never get there.
        var isTold = job is { Recovery: not null, Monitor.IsRunning: true } && !(job.State == JobState.Finished && job.ExitCode == 0)
            && await TryTellMonitorAsync(job.Monitor, job, report, cancellationToken).ConfigureAwait(false);
        if (job.Target is { IsRunning: true } target)
        {
            try
            {
                await using var session = await ssh.OpenAsync(target.Ssh, cancellationToken).ConfigureAwait(false);
                var result = await session.RunAsync(RemoteScripts.Call("stop", job.Id), null, cancellationToken).ConfigureAwait(false);
                if (result.ExitCode == 1)
                    throw JobErrors.StillRuns(job);
                return await _catalogue.GetAsync(job, report, cancellationToken).ConfigureAwait(false);
            }
            catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
            {
                if (await cloud.IsRunningAsync(job.TargetId, cancellationToken).ConfigureAwait(false))
                    throw;
            }
        }

        if (!isTold && job.Monitor is { IsRunning: true } monitor)
            await TellMonitorAsync(monitor, job, cancellationToken).ConfigureAwait(false);
        return await RefreshAsync(job, report, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says on the monitor that the job does not go on elsewhere; false where that does not answer.</summary>
    private async Task<bool> TryTellMonitorAsync(JobMachine monitor, Job job, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        try
        {
            await TellMonitorAsync(monitor, job, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
        {
            report?.Report(new VerboseReport($"{monitor.Name} does not answer: {e.Message}"));
            return false;
        }
    }

    private async Task TellMonitorAsync(JobMachine monitor, Job job, CancellationToken cancellationToken)
    {
        await using var session = await ssh.OpenAsync(monitor.Ssh, cancellationToken).ConfigureAwait(false);
        await session.RunAsync(RemoteScripts.Call("stop", job.Id, "gone"), null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The job as it stands; when its target is gone in the middle, the monitor is told so.</summary>
    internal async Task<Job> RefreshAsync(Job job, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        Job? now = null;
        string? unreachable = null;
        try
        {
            now = await _catalogue.GetAsync(job, report, cancellationToken).ConfigureAwait(false);
            // The target itself has answered when its session is known.
            if (now.IsOver && now.State == JobState.Finished || now.Session is not null)
                return now;
        }
        catch (Fe2Exception e) when (e.Id == "JobUnreachable")
        {
            unreachable = e.Message;
        }

        // Another computer may have brought the job to another machine meanwhile.
        var targetId = now?.TargetId ?? job.TargetId;
        if (await cloud.IsRunningAsync(targetId, cancellationToken).ConfigureAwait(false))
        {
            if (now is not null)
                return now;
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            return job with { Note = unreachable };
        }

        if (await cloud.ComesBackAsync(targetId, cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            return JobCatalogue.Resting(now ?? job);
        }

        if (job.Monitor is not { IsRunning: true } monitor)
            return job with { State = JobState.Lost, Note = $"{job.TargetName} is gone, and there is no monitor to ask" };
        // Its last word may have reached the monitor between the two questions.
        await using var session = await ssh.OpenAsync(monitor.Ssh, cancellationToken).ConfigureAwait(false);
        await session.RunAsync(RemoteScripts.Call("abandon", job.Id, "lost", targetId), null, cancellationToken).ConfigureAwait(false);
        if (targetId != job.TargetId)
            return await _catalogue.GetAsync(job, report, cancellationToken).ConfigureAwait(false);
        var target = job.Target is null ? null : job.Target with { IsRunning = false };
        return await _catalogue.GetAsync(job with { Target = target }, report, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns when there may be something new: also that EC2 takes the machine away.</summary>
    internal Task WaitForNewsAsync(Job job, TimeSpan longest, CancellationToken cancellationToken) =>
        WaitThereAsync(
            job, Math.Clamp((int)Math.Ceiling(longest.TotalSeconds), 1, WaitSeconds), cancellationToken, job.State == JobState.Interrupted ? [] : ["notice"]);

    private async Task WaitThereAsync(Job job, int seconds, CancellationToken cancellationToken, params string[] options)
    {
        foreach (var machine in Holders(job))
        {
            try
            {
                await using var session = await ssh.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
                await session.RunAsync(RemoteScripts.Call("wait", [job.Id, $"{seconds}", .. options]), null, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
            {
                // The other machine, or the next round.
            }
        }

        await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Who has the results: the monitor has all of them at the end, the target has them while it lives.</summary>
    private static IEnumerable<JobMachine> Holders(Job job) =>
        new[] { job.Monitor, job.Target }.OfType<JobMachine>().Where(m => m.IsRunning);

    private static string Incomplete(Job job, Fe2Exception? failure) =>
        $"These are the results of {job.Name} that have reached {job.MonitorName}; not all of them have, and {job.TargetName} "
        + (failure is null ? "does not run." : $"could not be asked for the others: {failure.Message}");

    private static async Task LeaveAsync(ISshSession session, Job job, CancellationToken cancellationToken)
    {
        try
        {
            await session.RunAsync(RemoteScripts.Call("leave", job.Id), null, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
        {
            // A machine that shuts down cuts its connections.
        }
    }
}
