using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The backups of a region.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Backup")]
[OutputType(typeof(Backup))]
public sealed class GetFe2BackupCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names; wildcards select. Ids of policies are taken too.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(BackupNameCompleter))]
    [BackupName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => _batches.AddOrAll(Where, Name);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                BackupSelection found = await new BackupQuery(session).ListAsync(names, stop).ConfigureAwait(false);
                foreach (Backup backup in found.Backups) await WriteAsync(Dressed.Backup(backup, session, where)).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
            });
        }
    }
}
