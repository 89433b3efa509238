using System.Collections.Concurrent;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>
/// Which jobs there are and how they stand. Nothing is remembered on this computer: the machines are asked, the target
/// first, and its monitor when the target is gone.
/// </summary>
public sealed class JobCatalogue(ISshConnector ssh, TimeProvider? time = null)
{
    private const int AtOnce = 8;

    /// <summary>A job whose machine is not among those asked counts as alive for so long after its last sign of life (one comes every 30 s).</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(3);

    /// <summary>How long a machine that ends itself may be silent before EC2 says that it ends.</summary>
    private static readonly TimeSpan Leaving = TimeSpan.FromMinutes(5);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Every job on these machines, the newest last.</summary>
    /// <param name="machines">The instances that may have jobs (tags <c>fe2:job</c>, <c>fe2:role</c>), the stopped ones too: a job whose target does not run is lost unless it had finished.</param>
    /// <param name="report">Hears of machines that did not answer.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task<IReadOnlyList<Job>> GetAsync(
        IReadOnlyList<JobMachine> machines, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        using var gate = new SemaphoreSlim(AtOnce);
        var silent = new ConcurrentQueue<(JobMachine Machine, Fe2Exception Why)>();
        var answers = await Task.WhenAll(machines.Where(m => m.IsRunning).Select(async machine =>
        {
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await AskAsync(machine, null, cancellationToken).ConfigureAwait(false);
            }
            catch (Fe2Exception e) when (e.Kind is Fe2ErrorKind.Connection or Fe2ErrorKind.Security)
            {
                // A colleague's machine that refuses the login is no reason to hide the others, nor to be hidden.
                silent.Enqueue((machine, e));
                return [];
            }
            finally
            {
                gate.Release();
            }
        })).ConfigureAwait(false);
        IReadOnlyList<Job> jobs = Merge(answers.SelectMany(a => a), machines);
        foreach ((JobMachine machine, Fe2Exception why) in silent)
            report?.Report(Unheard(machine, why, jobs));
        return jobs;
    }

    /// <summary>What to say of a machine that did not answer. That one ends itself after its job, which its monitor has told of, is no news.</summary>
    internal Fe2Report Unheard(JobMachine machine, Fe2Exception why, IReadOnlyList<Job> jobs) =>
        why.Kind == Fe2ErrorKind.Connection
        && jobs.LastOrDefault(j => j.TargetId == machine.Id) is { State: JobState.Finished, OnExit: not OnExit.None, Ended: { } ended }
        && _time.GetUtcNow() - ended < Leaving
            ? new VerboseReport($"{machine.Name} ends itself after its job: {why.Message}")
            : new WarningReport($"The jobs of {machine.Name} are not among these: {why.Message}");

    /// <summary>The same job as it stands now.</summary>
    /// <exception cref="Fe2Exception"><c>JobUnreachable</c>: neither machine answers.</exception>
    public async Task<Job> GetAsync(Job job, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        var machines = new[] { job.Target, job.Monitor }.OfType<JobMachine>().ToList();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var own = TryAskAsync(job.Target, job.Id, report, enough.Token);
        var there = await TryAskAsync(job.Monitor, job.Id, report, cancellationToken).ConfigureAwait(false);
        // What has ended on the monitor has ended: a machine that has ended itself since is not waited for.
        if (there.Any(r => r.Facts.Id == job.Id && r.ToJob(null, null).State == JobState.Finished))
            await enough.CancelAsync().ConfigureAwait(false);
        IReadOnlyList<JobReport> here = [];
        try
        {
            here = await own.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The monitor has said all there is to say.
        }

        return Merge([.. here, .. there], machines).FirstOrDefault(found => found.Id == job.Id) ?? throw JobErrors.NobodyHasJob(job);
    }

    /// <summary>Of one job's machines, the other may answer.</summary>
    private async Task<IReadOnlyList<JobReport>> TryAskAsync(
        JobMachine? machine, string id, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (machine is not { IsRunning: true })
            return [];
        try
        {
            return await AskAsync(machine, id, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e) when (e.Kind is Fe2ErrorKind.Connection)
        {
            report?.Report(new VerboseReport($"{machine.Name} does not answer: {e.Message}"));
            return [];
        }
    }

    private async Task<IReadOnlyList<JobReport>> AskAsync(JobMachine machine, string? id, CancellationToken cancellationToken)
    {
        await using var session = await ssh.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
        // A machine that never had a job has no script either.
        var result = await session.RunAsync(
            "[ ! -x ~/.fe2/report ] || " + RemoteScripts.Call("report", id is null ? [] : [id]), null, cancellationToken).ConfigureAwait(false);
        // A machine that was made from an image of another one has the other's files, and nothing to say about its jobs.
        JobReport[] reports = [.. JobReport.Parse(result.OutputText, machine.Id).Where(r => r.Facts.TargetId == machine.Id || r.Facts.MonitorId == machine.Id)];
        // Only its own machine may bring a job to its end.
        foreach (var left in reports.Where(r => r.NeedsKeeper && r.Facts.TargetId == machine.Id))
        {
            var revived = await session.RunAsync(RemoteScripts.Call("revive", left.Facts.Id), null, cancellationToken).ConfigureAwait(false);
            if (revived.ExitCode == 0)
                left.Revived();
        }

        return reports;
    }

    internal IReadOnlyList<Job> Merge(IEnumerable<JobReport> reports, IReadOnlyList<JobMachine> machines)
    {
        List<Job> jobs = [];
        foreach (var group in reports.GroupBy(r => r.Facts.Id))
        {
            // A machine that another one has replaced may still tell its old story.
            var facts = group.MaxBy(r => r.Facts.Attempt)!.Facts;
            var target = machines.FirstOrDefault(m => m.Id == facts.TargetId);
            var monitor = machines.FirstOrDefault(m => m.Id == facts.MonitorId);
            JobReport[] present = [.. group.Where(r => r.Facts.Attempt == facts.Attempt)];
            var own = present.FirstOrDefault(r => r.IsFromTarget)?.ToJob(target, monitor);
            // A machine that is being made ready has the job's folder already, and knows nothing of the job yet.
            var there = (present.FirstOrDefault(r => !r.IsFromTarget && r.InstanceId != facts.TargetId) ?? present.FirstOrDefault(r => !r.IsFromTarget))?.ToJob(target, monitor);
            var recovery = group.Select(r => r.Recovery).FirstOrDefault(r => r is not null);
            var job = own is null ? Judge(there!, target) : there is { State: JobState.Finished } ? Finished(own, there) : own;
            // A stop is told to the monitor first.
            jobs.Add(job with { Recovery = recovery, IsStopped = job.IsStopped || there is { IsStopped: true } });
        }

        return [.. jobs.OrderBy(j => j.Created)];
    }

    /// <summary>
    /// What has ended on the monitor has ended, as the monitor says: its results are there. Its machine may have answered before
    /// that, and not have known how it would end.
    /// </summary>
    private static Job Finished(Job own, Job there) => own with
    {
        State = there.State,
        ExitCode = there.ExitCode,
        Ended = there.Ended,
        LastSeen = there.LastSeen,
        Saved = there.Saved,
        IsStopped = there.IsStopped,
        Bytes = Math.Max(own.Bytes, there.Bytes),
        Note = own.State == JobState.Finished ? own.Note : null,
    };

    private static string Gone(Job job) =>
        job.Interrupted is null ? $"{job.TargetName} is gone; what had arrived on {job.MonitorName} is there"
        : job.Saved is { } saved ? $"EC2 took {job.TargetName} away; what was written there before {saved.UtcDateTime:HH:mm:ss} UTC is on {job.MonitorName}"
        : $"EC2 took {job.TargetName} away; what had arrived on {job.MonitorName} is there";

    /// <summary>A job whose machine EC2 has stopped, and starts again; one that somebody has stopped meanwhile only comes to its end there.</summary>
    internal static Job Resting(Job job) => job with
    {
        State = job.IsOver ? job.State : JobState.Interrupted,
        Note = job.IsStopped
            ? $"stopped while EC2 has stopped {job.TargetName}: it comes to its end, and its script is not started again, when EC2 starts that machine"
            : $"EC2 has stopped {job.TargetName} and starts it again when there is room",
    };

    /// <summary>The monitor's word alone: does the target still live?</summary>
    private Job Judge(Job job, JobMachine? target)
    {
        if (job.IsOver)
            return job is { State: JobState.Lost, Note: null } ? job with { Note = Gone(job) } : job;
        if (target is { IsRunning: false, ComesBack: true })
            return Resting(job);
        var isGone = target is null ? _time.GetUtcNow() - (job.LastSeen ?? job.Created) > Silence : !target.IsRunning;
        return isGone
            ? job with { State = JobState.Lost, Note = Gone(job) }
            : job with { Note = job.Note ?? $"{job.TargetName} does not answer from here; this is what {job.MonitorName} knows" };
    }
}
