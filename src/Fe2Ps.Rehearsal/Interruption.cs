using System.Net.Http.Json;
using System.Text.Json;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Rehearsal;

/// <summary>Takes the job's machine away as EC2 does it, and shows how the job goes on.</summary>
internal sealed class Interruption(SandboxProcess sandbox, CloudJobs jobs, Timeline timeline)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>The machine that the job moved to, as it was then; its disk is known by it.</summary>
    public Instance? Replacement { get; private set; }

    /// <summary>Follows the job to its end. The notice comes after a while.</summary>
    public async Task<Job> RunAsync(
        Fe2Session session, Job job, TimeSpan after, Action<ReadOnlyMemory<byte>> output, IProgress<Fe2Report> report, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var notice = TimeSpan.Zero;
        var interrupting = InterruptAsync();
        Task? looking = null;
        var last = await new JobEnd(session, jobs).WaitAsync(job, Longest, output, moved =>
        {
            timeline.Say($"the script runs again {(timeline.Elapsed - notice).TotalSeconds:0.0} s after the notice, on {moved.TargetId}");
            looking = LookAsync(session, moved.TargetId, cancel);
        }, report, cancel).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await interrupting.ConfigureAwait(false);
        if (looking is not null) await looking.ConfigureAwait(false);
        return last;

        async Task InterruptAsync()
        {
            try
            {
                await Task.Delay(after, over.Token).ConfigureAwait(false);
                notice = timeline.Elapsed;
                timeline.Say($"EC2 announces that it takes {job.TargetName} ({job.TargetId}) away in two minutes");
                using var client = new HttpClient();
                using var answer = await client.PostAsJsonAsync(
                    $"{sandbox.EndpointUrl}/_sandbox/faults", new Dictionary<string, object> { ["kind"] = "interrupt", ["instance"] = job.TargetId },
                    JsonSerializerOptions.Web, over.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The script was done before.
            }
        }
    }

    private async Task LookAsync(Fe2Session session, string id, CancellationToken cancel) =>
        Replacement = await new InstanceQuery(session).GetAsync(id, cancel).ConfigureAwait(false);
}
