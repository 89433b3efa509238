using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that acts on snapshots, named by name, by id or as objects. Those of one place are acted on together.</summary>
public abstract class SnapshotCmdlet : StorageCmdlet
{
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
    private protected sealed override StorageKind Kind => StorageKind.Snapshot;

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Take(Name, SnapshotId, Snapshot);

    /// <inheritdoc/>
    private protected sealed override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        SnapshotSelection found = await new SnapshotQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        if (found.Snapshots.Count > 0) await ActAsync(session, where, found.Snapshots, stop).ConfigureAwait(false);
    }

    /// <summary>What is done with all snapshots of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Snapshot> snapshots, CancellationToken stop);
}
