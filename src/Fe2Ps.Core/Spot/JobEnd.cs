using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Spot;

/// <summary>Stays with a job until its end, on one machine or on several, and hands over its output meanwhile if asked to.</summary>
public sealed class JobEnd(Fe2Session session, CloudJobs jobs)
{
    /// <summary>Waits until the job is over. One that goes on on other machines is brought there by this computer.</summary>
    /// <param name="job">The job.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="output">Takes the output, or null.</param>
    /// <param name="moved">Told of the job on its next machine.</param>
    /// <exception cref="Fe2Exception"><c>ScriptWaitTimeout</c>; <c>JobUnreachable</c>.</exception>
    public async Task<Job> WaitAsync(
        Job job, TimeSpan timeout, Action<ReadOnlyMemory<byte>>? output, Action<Job>? moved,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        if (job.Recovery is null)
        {
            if (output is not null)
                await jobs.Control.FollowAsync(job, output, 0, report, cancellationToken).ConfigureAwait(false);
            return await jobs.Control.WaitAsync(job, timeout, report, cancellationToken).ConfigureAwait(false);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var follower = new MovingFollower(jobs, job, output, report, over.Token);
        try
        {
            var last = await new JobRecovery(session, jobs).WaitAsync(
                job, timeout, next => { follower.Move(next); moved?.Invoke(next); }, report, cancellationToken).ConfigureAwait(false);
            await follower.FinishAsync(last).ConfigureAwait(false);
            return last;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await follower.StopAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Follows a job from machine to machine; the output goes on where it stood.</summary>
    private sealed class MovingFollower
    {
        private readonly CloudJobs _jobs;
        private readonly Action<ReadOnlyMemory<byte>>? _output;
        private readonly IProgress<Fe2Report>? _report;
        private readonly CancellationToken _over;
        private CancellationTokenSource _present = new();
        private Task _following = Task.CompletedTask;
        private long _at;

        public MovingFollower(CloudJobs jobs, Job job, Action<ReadOnlyMemory<byte>>? output, IProgress<Fe2Report>? report, CancellationToken over)
        {
            (_jobs, _output, _report, _over) = (jobs, output, report, over);
            Move(job);
        }

        public void Move(Job job)
        {
            if (_output is null)
                return;
            var (before, former) = (_following, _present);
            _present = CancellationTokenSource.CreateLinkedTokenSource(_over);
            _following = FollowAsync(before, former, job, _present.Token);
        }

        /// <summary>The rest, from whoever has it.</summary>
        public async Task FinishAsync(Job job)
        {
            if (_output is null)
                return;
            Move(job);
            await _following.ConfigureAwait(false);
        }

        public async Task StopAsync()
        {
            await _following.ConfigureAwait(false);
            _present.Dispose();
        }

        private async Task FollowAsync(Task before, CancellationTokenSource former, Job job, CancellationToken cancellationToken)
        {
            await former.CancelAsync().ConfigureAwait(false);
            await before.ConfigureAwait(false);
            former.Dispose();
            try
            {
                await _jobs.Control.FollowAsync(job, Take, _at, _report, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException || e is Fe2Exception)
            {
                // The job has moved on, or its machine is gone: the next machine has the rest. Waiting tells what became of it.
            }
        }

        private void Take(ReadOnlyMemory<byte> bytes)
        {
            _output!(bytes);
            _at += bytes.Length;
        }
    }
}
