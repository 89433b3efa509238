using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>One run of following a job's output, across cut connections and from one machine to the other.</summary>
internal sealed class JobFollower(
    ISshConnector ssh, IJobCloud cloud, TimeProvider time, Job job, Action<ReadOnlyMemory<byte>> output, long from)
{
    private const int NoSuchJob = 66;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskCloudEvery = TimeSpan.FromSeconds(10);

    private long _at = from;

    public async Task<long> RunAsync(IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var target = job.Target is { IsRunning: true } running ? running : null;
        var monitor = job.Monitor is { IsRunning: true } resting ? resting : null;
        if (target is null && monitor is null)
            throw JobErrors.NobodyHasJob(job);
        while (true)
        {
            if (target is not null && await TryAsync(target, [], report, cancellationToken).ConfigureAwait(false))
                return _at;
            var isAlive = target is not null && await cloud.IsRunningAsync(job.TargetId, cancellationToken).ConfigureAwait(false);
            if (!isAlive)
                target = null;
            if (monitor is not null && await FollowMonitorAsync(monitor, isAlive, report, cancellationToken).ConfigureAwait(false))
                return _at;
            if (target is null && monitor is null)
                throw JobErrors.NobodyHasJob(job);
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The monitor cannot tell a silent target from a dead one: the cloud can. When the target lives and only does not
    /// answer, what is there is shown and the target is tried again.
    /// </summary>
    private async Task<bool> FollowMonitorAsync(
        JobMachine monitor, bool isAlive, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (!isAlive)
            return await TryAsync(monitor, ["once"], report, cancellationToken).ConfigureAwait(false);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(_ => enough.Cancel(), null, AskCloudEvery, Timeout.InfiniteTimeSpan);
        try
        {
            return await TryAsync(monitor, [], report, enough.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> TryAsync(
        JobMachine machine, string[] options, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await ssh.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
            var exitCode = await session.StreamAsync(
                RemoteScripts.Call("follow", [job.Id, $"{_at}", .. options]), Take, null, cancellationToken).ConfigureAwait(false);
            return exitCode == NoSuchJob ? throw JobErrors.JobNotFound(job.Id) : exitCode == 0;
        }
        catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.Connection)
        {
            report?.Report(new VerboseReport($"{e.Message} Following goes on at byte {_at}."));
            return false;
        }
    }

    private void Take(SshOutput piece)
    {
        if (piece.IsError)
            return;
        output(piece.Bytes);
        _at += piece.Bytes.Length;
    }
}
