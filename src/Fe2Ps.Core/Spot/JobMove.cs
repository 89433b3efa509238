using System.Text;
using System.Text.Json;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// One move of a job, from a machine that is gone or going to the next one. Every step leaves a state in which another computer,
/// or the next round, finds out how far it came.
/// </summary>
/// <param name="session">The session.</param>
/// <param name="jobs">The jobs.</param>
/// <param name="monitor">The job's monitor.</param>
/// <param name="job">The job as it was seen under the lease.</param>
/// <param name="holder">Who has the lease: the monitor takes another machine from nobody else.</param>
/// <param name="betweenTries">How long another try waits where there is no room anywhere.</param>
internal sealed class JobMove(Fe2Session session, CloudJobs jobs, JobHost monitor, Job job, string holder, TimeSpan betweenTries)
{
    private const int NoSuchJob = 66;
    private const int StillRuns = 75;
    private const int Stopped = 76;

    /// <summary>EC2's two minutes, and a little.</summary>
    private static readonly TimeSpan Interruption = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Moves the job, or finds that there is no need to any more and returns null.</summary>
    public async Task<Job?> RunAsync(RecoveryFacts facts, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (facts.Last is { Started: null, End: null } && await jobs.IsAliveAsync(facts.Last.InstanceId, cancellationToken).ConfigureAwait(false) && job.Interrupted is null)
            return await StartAsync(facts, report, cancellationToken).ConfigureAwait(false);

        var old = facts.Last;
        // A script that ends at the notice, or fails, may end its machine as -OnExit says.
        var fromWithin = job.Interrupted is null && job.State != JobState.Finished;
        // One on which nothing could be started the supervisor has ended itself.
        var isUnstarted = old.End == JobAttempt.Unstarted;
        // Or somebody has begun to hand the job on, and came no further.
        var isLeft = old.End is not null;
        if (!isLeft && await jobs.WasEndedByRequestAsync(old.InstanceId, fromWithin, cancellationToken).ConfigureAwait(false))
        {
            // Whoever ends the machine does not want to pay for another one.
            report?.Report(new WarningReport($"{job.TargetName} was stopped or terminated on request, so the job {job.Name} does not go on elsewhere."));
            await monitor.CallAsync("stop", [job.Id, "gone"], "Ending the job", null, cancellationToken).ConfigureAwait(false);
            return null;
        }

        var volumes = new JobVolumeMove(session, jobs.Connector, job, facts, report);
        var number = old.Number + 1;
        var stays = job.Interrupted is null && old.End is not (JobAttempt.Unstarted or JobAttempt.WasInterrupted) && await jobs.IsRunningAsync(old.InstanceId, cancellationToken).ConfigureAwait(false)
            && !await new InterruptionSigns(session).IsMarkedAsync(old.InstanceId, cancellationToken).ConfigureAwait(false);
        // Its script runs, or is about to.
        if (stays && !isLeft && job.State is not (JobState.Lost or JobState.Finished))
            return null;
        JobAttempt next;
        if (stays)
        {
            // The machine is well, only the job's processes are not.
            report?.Report(new WarningReport($"The job {job.Name} is started again on {job.TargetName}: {job.Note ?? $"it ended with exit code {job.ExitCode}"}."));
            next = old with { Number = number, Started = null, Ended = null, End = null };
        }
        else
        {
            report?.Report(new WarningReport(
                $"{(isUnstarted ? $"{job.Script} could not be started on {job.TargetName} for job {job.Name}" : $"{job.TargetName} is taken away from job {job.Name}")}; another machine takes over."));
            var saving = volumes.SaveAsync(await jobs.FindMachineAsync(old.InstanceId, cancellationToken).ConfigureAwait(false), cancellationToken);
            var line = await SupervisorLogin.LineAsync(monitor, job.Id, cancellationToken).ConfigureAwait(false);
            var instance = await new Replacement(session, jobs.Connector) { BetweenTries = betweenTries, SupervisorLine = line }
                .GetAsync(job, facts, number, IsOverAsync, report, cancellationToken).ConfigureAwait(false);
            await saving.ConfigureAwait(false);
            if (instance is null)
                return null;
            next = new RecoveryPlan(session).AttemptOf(instance, number);
            await HandOverAsync(old, report, cancellationToken).ConfigureAwait(false);
            if (await HasFinishedAsync(cancellationToken).ConfigureAwait(false))
            {
                // It came to its end in its last two minutes after all.
                await RemoveAsync(next, cancellationToken).ConfigureAwait(false);
                return null;
            }
        }

        var ended = job.LastSeen is { } seen && job.State == JobState.Lost ? seen : session.Clock.GetUtcNow();
        if (!isLeft)
            facts = facts.WithLast(old with { Ended = ended, End = job.State == JobState.Finished ? "failed" : job.Interrupted is null ? "lost" : JobAttempt.WasInterrupted });
        facts = facts with { Attempts = [.. facts.Attempts, next] };
        if (await HandInAsync(facts, cancellationToken).ConfigureAwait(false) is var handedIn and not HandIn.Done)
        {
            if (!stays && (handedIn == HandIn.NotWanted || await IsNobodysAsync(next, cancellationToken).ConfigureAwait(false) || await IsOverAsync(cancellationToken).ConfigureAwait(false)))
                await RemoveAsync(next, cancellationToken).ConfigureAwait(false);
            return null;
        }

        return await StartAsync(facts, report, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The script ends on the old machine, and what it has written since the notice comes to the monitor. A machine that does not
    /// answer any more is waited for until EC2 has ended it: two machines never work for one job.
    /// </summary>
    private async Task HandOverAsync(JobAttempt old, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var end = session.Clock.GetUtcNow() + Interruption;
        while (await jobs.IsRunningAsync(old.InstanceId, cancellationToken).ConfigureAwait(false) && session.Clock.GetUtcNow() < end)
        {
            report?.Report(new ProgressReport($"Job {job.Name}", $"bringing the last results of {job.TargetName} to {job.MonitorName}"));
            var machine = await jobs.FindMachineAsync(old.InstanceId, cancellationToken).ConfigureAwait(false);
            if (machine is not { IsRunning: true })
                return;
            try
            {
                await using var there = await jobs.Connector.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
                var seconds = Math.Max(5, (int)(end - session.Clock.GetUtcNow()).TotalSeconds);
                var over = await there.RunAsync(RemoteScripts.Call("stop", job.Id, "over", $"{seconds}"), null, cancellationToken).ConfigureAwait(false);
                if (over.ExitCode is 0 or NoSuchJob)
                    return;
            }
            catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
            {
                report?.Report(new VerboseReport($"{job.TargetName} does not answer: {e.Message}"));
            }

            await Task.Delay(Pause, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> HasFinishedAsync(CancellationToken cancellationToken) =>
        await ThereAsync(cancellationToken).ConfigureAwait(false) is { State: JobState.Finished, ExitCode: 0 };

    /// <summary>Whether no other machine is needed any more: while there is no room, much can happen.</summary>
    private async Task<bool> IsOverAsync(CancellationToken cancellationToken) =>
        await ThereAsync(cancellationToken).ConfigureAwait(false) is { State: JobState.Finished, ExitCode: 0 } or { IsStopped: true };

    /// <summary>The job as the monitor knows it.</summary>
    private async Task<Job?> ThereAsync(CancellationToken cancellationToken)
    {
        var result = await monitor.Session.RunAsync(RemoteScripts.Call("report", job.Id), null, cancellationToken).ConfigureAwait(false);
        return JobReport.Parse(result.OutputText).SingleOrDefault()?.ToJob(null, null);
    }

    private async Task RemoveAsync(JobAttempt attempt, CancellationToken cancellationToken) =>
        await new InstanceActions(session).RemoveAsync(
            await new InstanceQuery(session).ByIdsAsync([attempt.InstanceId], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Whether another computer, which sees to the job by now, has taken another machine for it than this one; until it has, it may take this one.</summary>
    private async Task<bool> IsNobodysAsync(JobAttempt next, CancellationToken cancellationToken)
    {
        var latest = await RecoveryStore.ReadAsync(monitor, job.Id, cancellationToken).ConfigureAwait(false);
        return latest.Last.Number >= next.Number && latest.Attempts.All(a => a.InstanceId != next.InstanceId);
    }

    private enum HandIn
    {
        Done,

        /// <summary>Somebody has stopped the job, or it has finished after all.</summary>
        NotWanted,

        /// <summary>Another computer sees to the job by now.</summary>
        NotMine,
    }

    /// <summary>The monitor stops listening to the old machine and knows the new one, in this order.</summary>
    private async Task<HandIn> HandInAsync(RecoveryFacts facts, CancellationToken cancellationToken)
    {
        var file = ShellQuote.Home(job.Folder + "/.fe2/job.json");
        var read = await monitor.Session.RunAsync("cat " + file, null, cancellationToken).ConfigureAwait(false);
        if (read.ExitCode != 0 || JsonSerializer.Deserialize(read.OutputText, JobFactsContext.Default.JobFacts) is not { } known)
            throw JobErrors.StepFailed(monitor.Machine, "Reading the job's facts", read);
        var json = JsonSerializer.SerializeToUtf8Bytes(
            known with { Id = job.Id, Name = job.Name, TargetId = facts.Last.InstanceId, TargetName = facts.Machine.Name, Attempt = facts.Last.Number },
            JobFactsContext.Default.JobFacts);
        var left = facts.Attempts[^2];
        byte[] lines = [.. Encoding.UTF8.GetBytes(AttemptLines.Write(facts.Attempts))];
        // In one command: where this computer goes away in the middle, the monitor either knows the next machine or still the one before.
        var ready = await monitor.Session.RunAsync(
            "exec sh -c " + ShellQuote.Quote(
                $"""
                umask 077
                cd {ShellQuote.Home(".fe2/jobs/" + job.Id)} || exit 1
                head -c {json.Length} > next.json && cat > next.attempts && [ "$(cat next.json next.attempts | wc -c)" = {json.Length + lines.Length} ] || exit 1
                {RemoteScripts.Call("again", job.Id, holder, AttemptLines.Word(left.Ended), left.End!)} </dev/null || exit
                mv -fT next.json {file} && mv -fT next.attempts {RecoveryStore.AttemptsName}
                """),
            new MemoryStream([.. json, .. lines]), cancellationToken).ConfigureAwait(false);
        if (ready.ExitCode is Stopped or StillRuns)
            return ready.ExitCode == Stopped ? HandIn.NotWanted : HandIn.NotMine;
        if (ready.ExitCode != 0)
            throw JobErrors.StepFailed(monitor.Machine, "Making the job's folder ready for another machine", ready);
        await RecoveryStore.WriteAsync(monitor, job.Id, facts, cancellationToken).ConfigureAwait(false);
        return HandIn.Done;
    }

    private async Task<bool> IsStoppedAsync(CancellationToken cancellationToken) =>
        (await monitor.Session.RunAsync($"test -e {ShellQuote.Home(job.Folder + "/.fe2/stopped")}", null, cancellationToken).ConfigureAwait(false)).ExitCode == 0;

    /// <summary>Whether somebody has stopped the job before it was started on its present machine, which then ends where it was launched for the job alone.</summary>
    private async Task<bool> IsDroppedAsync(RecoveryFacts facts, CancellationToken cancellationToken)
    {
        if (!await IsStoppedAsync(cancellationToken).ConfigureAwait(false))
            return false;
        if (facts.Attempts.Count > 1 && facts.Attempts.Count(a => a.InstanceId == facts.Last.InstanceId) == 1)
            await RemoveAsync(facts.Last, cancellationToken).ConfigureAwait(false);
        await monitor.CallAsync("abandon", [job.Id, "lost", facts.Last.InstanceId], "Ending the job", null, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>The folder comes from the monitor, and the script starts. Null where it is not wanted any more.</summary>
    private async Task<Job?> StartAsync(RecoveryFacts facts, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await new FormerMachines(session).EndAsync(facts, report, cancellationToken).ConfigureAwait(false);
        if (await IsDroppedAsync(facts, cancellationToken).ConfigureAwait(false))
            return null;
        var machine = await jobs.MachineAsync(facts.Last.InstanceId, cancellationToken).ConfigureAwait(false);
        report?.Report(new ProgressReport($"Job {job.Name}", $"starting {job.Script} on {machine.Name} ({machine.Id})"));
        await using var target = await JobHost.OpenAsync(jobs.Connector, machine, cancellationToken).ConfigureAwait(false);
        await target.PrepareAsync(["tmux", "rsync", "lsyncd"], report, cancellationToken).ConfigureAwait(false);
        var left = await target.TryCallAsync("again", [job.Id, "here"], null, cancellationToken).ConfigureAwait(false);
        if (left.ExitCode != StillRuns)
        {
            if (left.ExitCode is not (0 or NoSuchJob))
                throw JobErrors.StepFailed(machine, "Making the machine ready", left);
            // Before all that takes long: should this computer go away meanwhile, the supervisor goes on.
            await SupervisorLogin.AdmitAsync(target, monitor, jobs.Connector, job.Id, null, cancellationToken).ConfigureAwait(false);
            await target.CallAsync("claim", [job.Id, job.Name, job.OnExit.ToString()], "Making the job's folder", null, cancellationToken).ConfigureAwait(false);
            facts = await new JobVolumeMove(session, jobs.Connector, job, facts, report).BringAsync(
                machine, now => RecoveryStore.WriteAsync(monitor, job.Id, now, cancellationToken), cancellationToken).ConfigureAwait(false);
            await new JobLink(target, monitor, jobs.Connector).EstablishAsync(job.Id, cancellationToken).ConfigureAwait(false);
            await jobs.TagAsync(machine.Id, new Dictionary<string, string> { [TagNames.Attempt] = $"{facts.Last.Number}" }, cancellationToken).ConfigureAwait(false);
            if (job.OnExit != OnExit.None && await jobs.ShutdownBehaviorAsync(machine.Id, cancellationToken).ConfigureAwait(false) != job.OnExit)
                await jobs.SetShutdownBehaviorAsync(machine.Id, job.OnExit, cancellationToken).ConfigureAwait(false);
            await using var environment = await RecoveryStore.EnvironmentAsync(monitor, job.Id, cancellationToken).ConfigureAwait(false);
            await target.GoOnAtBootAsync(report, cancellationToken).ConfigureAwait(false);
            if (facts.Options.CheckpointEvery is not null && await target.WhyNoCheckpointAsync(report, cancellationToken).ConfigureAwait(false) is { } why)
                report?.Report(new WarningReport($"{machine.Name} cannot take over the memory of the script of {job.Name}: {why}. It is started again."));
            // The folder may have been long on its way.
            if (await IsDroppedAsync(facts, cancellationToken).ConfigureAwait(false))
                return null;
            await target.CallAsync(
                "start", ScriptRunner.StartArguments(job.Id, job.Script, machine, facts.Signal, facts.Last.Number, facts.Options), "Starting the script", environment, cancellationToken)
                .ConfigureAwait(false);
        }

        else
        {
            // Somebody has started it and went away before writing that down; it must be able to bring its results.
            await new JobLink(target, monitor, jobs.Connector).AdmitAgainAsync(job.Id, cancellationToken).ConfigureAwait(false);
        }

        facts = facts.WithLast(facts.Last with { Started = session.Clock.GetUtcNow(), Ended = null, End = null });
        await RecoveryStore.WriteAsync(monitor, job.Id, facts, cancellationToken).ConfigureAwait(false);
        // Stopped in this last moment, when nobody looked any more.
        if (await IsStoppedAsync(cancellationToken).ConfigureAwait(false))
            await target.TryCallAsync("stop", [job.Id], null, cancellationToken).ConfigureAwait(false);
        report?.Report(new WarningReport($"The job {job.Name} goes on on {machine.Name} ({machine.Id}, {facts.Last.InstanceType}, {facts.Last.Zone})."));
        return job with
        {
            State = JobState.Running,
            TargetId = machine.Id,
            TargetName = machine.Name,
            Target = machine,
            Recovery = facts,
            Interrupted = null,
            Deadline = null,
            Saved = null,
            Note = null,
            ExitCode = null,
            Ended = null,
            LastSeen = null,
        };
    }
}
