using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that acts on snapshots, named by name, by id or as objects. Those of one place are acted on together.</summary>
public abstract class SnapshotCmdlet : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SnapshotNameCompleter))]
    [SnapshotName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] SnapshotId { get; set; } = [];

    /// <summary>Snapshots as Get-Fe2Snapshot gives them, or names.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Snapshot")]
    [ValidateNotNullOrEmpty]
    public PSObject[] Snapshot { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Snapshot": Array.ForEach(Snapshot, AddPiped); break;
            case "Id": Add(SnapshotId); break;
            default: Add(Name); break;
        }
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                SnapshotSelection found = await new SnapshotQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
                if (found.Snapshots.Count > 0) await ActAsync(session, where, found.Snapshots, stop).ConfigureAwait(false);
            });
        }
    }

    /// <summary>What is done with all snapshots of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Snapshot> snapshots, CancellationToken stop);

    private void Add(params IEnumerable<string> names) => _batches.Add(Where, names);

    private void AddPiped(PSObject input)
    {
        switch (input.BaseObject)
        {
            case Snapshot snapshot: Add(snapshot.SnapshotId); break;
            case string name: Add(name); break;
            default:
                if (input.BaseObject is not Amazon.EC2.Model.Volume && input.Properties["SnapshotId"]?.Value is string { Length: > 0 } id) Add(id);
                else WriteError(NoSnapshot(input).ToErrorRecord());
                break;
        }
    }

    internal static Fe2Exception NoSnapshot(PSObject input) => new(
        "NotASnapshot", Fe2ErrorKind.InvalidArgument, $"'{input}' is neither a snapshot nor the name of one.", "Pipe in what Get-Fe2Snapshot gives.", input);
}
