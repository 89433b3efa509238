using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Spot;

/// <summary>The right to see to a job's recovery, held on its monitor: one computer has it at a time, and keeps it by asking again.</summary>
internal sealed class RecoveryLease : IAsyncDisposable
{
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(25);

    private readonly JobHost _monitor;
    private readonly string _jobId;
    private readonly string _holder;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewing;

    private RecoveryLease(JobHost monitor, string jobId, string holder, TimeProvider time)
    {
        (_monitor, _jobId, _holder) = (monitor, jobId, holder);
        _renewing = RenewAsync(time);
    }

    /// <summary>Takes it, or returns null while another computer has it.</summary>
    public static async Task<RecoveryLease?> TryTakeAsync(
        JobHost monitor, string jobId, string holder, TimeProvider time, CancellationToken cancellationToken)
    {
        var taken = await monitor.TryCallAsync("lease", [jobId, holder], null, cancellationToken).ConfigureAwait(false);
        return taken.ExitCode == 0 ? new RecoveryLease(monitor, jobId, holder, time) : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        _stop.Dispose();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await TryAsync([_jobId, _holder, "drop"], limit.Token).ConfigureAwait(false);
    }

    private async Task RenewAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Renewal, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await TryAsync([_jobId, _holder], _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It is given back.
        }
    }

    private async Task TryAsync(string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            await _monitor.TryCallAsync("lease", arguments, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException)
        {
            // It ends by itself.
        }
    }
}
