using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Waits until snapshots are completed, and hands them on.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Fe2Snapshot", DefaultParameterSetName = "Name")]
[OutputType(typeof(Snapshot))]
public sealed class WaitFe2SnapshotCommand : SnapshotCmdlet
{
    /// <summary>How long to wait for all of them together, in seconds; without it as long as it takes.</summary>
    [Parameter]
    [ValidateRange(1, 30 * 24 * 3600)]
    public int? Timeout { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Snapshot> snapshots, CancellationToken stop)
    {
        SnapshotSelection done = await new SnapshotWaiter(session, Pump).WaitAsync(
            snapshots, Timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null, stop).ConfigureAwait(false);
        foreach (Snapshot snapshot in done.Snapshots) await WriteAsync(Dressed.Snapshot(snapshot, session, where)).ConfigureAwait(false);
        foreach (Fe2Exception problem in done.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => "Only the waiting has ended; the snapshots go on. Wait-Fe2Snapshot goes on waiting.";
}
