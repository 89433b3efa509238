using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Images;
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
    private readonly NameBatches _snapshots = new();
    private readonly NameBatches _volumes = new();

    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SnapshotNameCompleter))]
    [SnapshotName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] SnapshotId { get; set; } = [];

    /// <summary>Snapshots, their names, or volumes and images whose snapshots are meant, from the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    public PSObject? InputObject { get; set; }

    /// <summary>Only snapshots that cost money and that nothing uses.</summary>
    [Parameter]
    public SwitchParameter Orphan { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        switch (ParameterSetName)
        {
            case "Id": _snapshots.Add(where, SnapshotId); break;
            case "InputObject": AddPiped(where, InputObject!); break;
            default: _snapshots.AddOrAll(where, Name); break;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _snapshots.All)
            Run(stop => WriteAllAsync(where, query => query.ListAsync(names, Orphan, stop), stop));
        foreach ((SessionOptions where, IReadOnlyList<string> volumes) in _volumes.All)
            Run(stop => WriteAllAsync(where, query => query.OfVolumesAsync(volumes, Orphan, stop), stop));
    }

    private async Task WriteAllAsync(SessionOptions where, Func<SnapshotQuery, Task<SnapshotSelection>> find, CancellationToken stop)
    {
        Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
        SnapshotSelection found = await find(new SnapshotQuery(session)).ConfigureAwait(false);
        await Pump.DoAsync(() =>
        {
            foreach (Snapshot snapshot in found.Snapshots) WriteObject(Dressed.Snapshot(snapshot, session, where));
        }).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }

    /// <summary>A volume stands for the snapshots that were taken of it, an image for those that it is made of.</summary>
    private void AddPiped(SessionOptions where, PSObject input)
    {
        switch (input.BaseObject)
        {
            case string name: _snapshots.Add(where, [name]); break;
            case Volume volume: _volumes.Add(where, [volume.VolumeId]); break;
            case Image image: _snapshots.Add(where, ImageFacts.SnapshotIds(image)); break;
            default:
                if (input.Properties["SnapshotId"]?.Value is string { Length: > 0 } snapshot) _snapshots.Add(where, [snapshot]);
                else if (Texts.NameIn(input) is { } known) _snapshots.Add(where, [known]);
                else WriteError(StorageKind.Snapshot.None(input).ToErrorRecord());
                break;
        }
    }
}
