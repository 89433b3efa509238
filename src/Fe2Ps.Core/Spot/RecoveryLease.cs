using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Spot;

/// <summary>The right to see to a job's recovery, held on its monitor: one computer has it at a time, and keeps it by asking again.</summary>
internal sealed class RecoveryLease : IAsyncDisposable
{
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(25);

    /// <summary>Another computer may have it 90 s after the last renewal (lease).</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private const int Taken = 75;

    private readonly JobHost _monitor;
    private readonly string _jobId;
    private readonly string _holder;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly Task _renewing;

    private RecoveryLease(JobHost monitor, string jobId, string holder, TimeProvider time)
    {
        (_monitor, _jobId, _holder) = (monitor, jobId, holder);
        _renewing = RenewAsync(time);
    }

    /// <summary>Cancelled when another computer has it, or may soon have it because the monitor has not been heard of.</summary>
    public CancellationToken Lost => _lost.Token;

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
        _lost.Dispose();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await TryAsync([_jobId, _holder, "drop"], limit.Token).ConfigureAwait(false);
    }

    private async Task RenewAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Renewal, time);
        try
        {
            var heard = time.GetTimestamp();
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                var asked = time.GetTimestamp();
                var answer = await TryAsync([_jobId, _holder], _stop.Token).ConfigureAwait(false);
                if (answer == 0)
                    heard = asked;
                else if (answer == Taken || time.GetElapsedTime(heard) > Silence)
                    await _lost.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It is given back.
        }
    }

    /// <summary>The exit code, or null where nothing was heard.</summary>
    private async Task<int?> TryAsync(string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            return (await _monitor.TryCallAsync("lease", arguments, null, cancellationToken).ConfigureAwait(false)).ExitCode;
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException)
        {
            // It ends by itself.
            return null;
        }
    }
}
