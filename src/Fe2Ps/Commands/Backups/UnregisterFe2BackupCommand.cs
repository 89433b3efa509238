using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Ends backups; their snapshots stay.</summary>
[Cmdlet(VerbsLifecycle.Unregister, "Fe2Backup", SupportsShouldProcess = true)]
[OutputType(typeof(Backup))]
public sealed class UnregisterFe2BackupCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names; wildcards select. Ids of policies are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(BackupNameCompleter))]
    [BackupName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Hands the backups on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _batches.Add(Where, Name);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                BackupSelection found = await new BackupQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
                foreach (Backup backup in found.Backups) await EndAsync(session, where, backup, stop).ConfigureAwait(false);
            });
        }
    }

    private async Task EndAsync(Fe2Session session, SessionOptions where, Backup backup, CancellationToken stop)
    {
        if (!await Pump.AskAsync(() => ShouldProcess($"{backup.Name} ({backup.PolicyId})", "End the backup; its snapshots stay")).ConfigureAwait(false)) return;
        try
        {
            await new BackupRegistration(session, Pump).UnregisterAsync(backup, stop).ConfigureAwait(false);
            if (PassThru) await WriteAsync(Dressed.Backup(backup, session, where)).ConfigureAwait(false);
        }
        catch (Fe2Exception failure)
        {
            await WriteErrorAsync(failure).ConfigureAwait(false);
        }
    }
}
