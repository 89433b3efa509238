using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Scripts;

/// <summary>
/// Takes back what a start has made that came to nothing. Also after Ctrl+C, so without the caller's token. Before anything
/// is touched it is certain that the script does not run: a running job without its folder and key would never end.
/// </summary>
internal sealed class JobRetreat(JobHost target, JobHost? monitor, IJobCloud cloud, string id)
{
    private const int DoesNotRun = 0;
    private const int NoSuchJob = 66;
    private const int Runs = 18;

    /// <summary>The remote script waits 20 s for a start that is under way.</summary>
    private static readonly TimeSpan ForTarget = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ForOthers = TimeSpan.FromSeconds(10);

    /// <summary>The job's id.</summary>
    public string Id => id;

    /// <summary>Whether the target has been asked to start the script.</summary>
    public bool MayRun { get; set; }

    /// <summary>What a shutdown did to the target before this job changed it, or null.</summary>
    public OnExit? FormerShutdown { get; set; }

    /// <summary>The volumes that were made to outlive the target.</summary>
    public IReadOnlyList<JobVolume> HeldVolumes { get; set; } = [];

    /// <summary>Takes everything back, or finds that the job runs and returns the name of its session.</summary>
    /// <exception cref="Fe2Exception"><c>ScriptStartUnknown</c>: the target does not answer; everything is left as it is.</exception>
    public async Task<string?> TakeBackAsync(Exception failure, IProgress<Fe2Report>? report)
    {
        var answer = await AbandonAsync(target, ForTarget).ConfigureAwait(false);
        if (MayRun)
        {
            if (answer?.ExitCode == Runs)
                return answer.OutputText;
            if (answer?.ExitCode is not (DoesNotRun or NoSuchJob))
                throw JobErrors.StartUnknown(id, target.Machine, failure);
        }

        if (monitor is not null)
            await AbandonAsync(monitor, ForOthers).ConfigureAwait(false);
        if (FormerShutdown is { } former)
            await RestoreAsync(former, report).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(ForOthers);
        await cloud.ReleaseVolumesAsync(HeldVolumes, limit.Token).ConfigureAwait(false);
        return null;
    }

    /// <summary>The answer, or null from a machine that does not give one.</summary>
    private async Task<Fe2Ps.Core.Ssh.SshResult?> AbandonAsync(JobHost host, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            return await host.TryCallAsync("abandon", [id], null, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException)
        {
            // The failure that led here is the one to report.
            return null;
        }
    }

    private async Task RestoreAsync(OnExit former, IProgress<Fe2Report>? report)
    {
        using var limit = new CancellationTokenSource(ForOthers);
        try
        {
            await cloud.SetShutdownBehaviorAsync(target.Machine.Id, former, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Fe2Exception or OperationCanceledException)
        {
            report?.Report(new WarningReport(
                $"A shutdown from inside {target.Machine.Name} may now end it another way than before ({former} before); it could not be set back: {e.Message}"));
        }
    }
}
