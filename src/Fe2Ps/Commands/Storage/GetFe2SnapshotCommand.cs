using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The account's own snapshots.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Snapshot", DefaultParameterSetName = "Name")]
[OutputType(typeof(Snapshot))]
public sealed class GetFe2SnapshotCommand : Fe2Cmdlet
{
    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SnapshotNameCompleter))]
    [SnapshotName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] SnapshotId { get; set; } = [];

    /// <summary>Only snapshots that cost money and that nothing uses.</summary>
    [Parameter]
    public SwitchParameter Orphan { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        string[] names = ParameterSetName == "Id" ? SnapshotId : Name;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            SnapshotSelection found = await new SnapshotQuery(session).ListAsync(names, Orphan, stop).ConfigureAwait(false);
            await Pump.DoAsync(() =>
            {
                foreach (Snapshot snapshot in found.Snapshots) WriteObject(Dressed.Snapshot(snapshot, session, where));
            }).ConfigureAwait(false);
            foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        });
    }
}
