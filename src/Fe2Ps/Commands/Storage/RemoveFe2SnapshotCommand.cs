using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Deletes snapshots.</summary>
[Cmdlet(VerbsCommon.Remove, "Fe2Snapshot", DefaultParameterSetName = "Name", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Snapshot))]
public sealed class RemoveFe2SnapshotCommand : SnapshotCmdlet
{
    /// <summary>Hands the snapshots on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Snapshot> snapshots, CancellationToken stop)
    {
        var removal = new SnapshotRemoval(session);
        foreach (Snapshot snapshot in snapshots)
        {
            if (!await Pump.AskAsync(() => ShouldProcess(SnapshotFacts.Label(snapshot), "Delete")).ConfigureAwait(false)) continue;
            try
            {
                await removal.RemoveAsync(snapshot, stop).ConfigureAwait(false);
                if (PassThru) await WriteAsync(Dressed.Snapshot(snapshot, session, where)).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                await WriteErrorAsync(failure).ConfigureAwait(false);
            }
        }
    }
}
