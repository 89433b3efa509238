using System.Management.Automation;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Removes shared file systems with all that is in them.</summary>
[Cmdlet(VerbsCommon.Remove, "Fe2FileSystem", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(FileSystemDescription))]
public sealed class RemoveFe2FileSystemCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names or ids; wildcards select.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("FileSystemId")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(FileSystemNameCompleter))]
    [FileSystemName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Hands the removed file systems on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _batches.Add(Where, Name);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
            Run(stop => RemoveAsync(where, names, stop));
    }

    private async Task RemoveAsync(SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
        FileSystemSelection found = await new FileSystemQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        IReadOnlyList<FileSystemDescription> confirmed = await Pump.AskAsync<IReadOnlyList<FileSystemDescription>>(
            () => [.. found.FileSystems.Where(s => ShouldProcess(FileSystemFacts.Label(s), $"Delete, with all that is in it ({FileSystemView.SizeText(s)})"))]).ConfigureAwait(false);
        foreach (FileSystemDescription system in confirmed)
        {
            try
            {
                await new FileSystemRemoval(session).RemoveAsync(system, Pump, stop).ConfigureAwait(false);
                if (PassThru) await WriteAsync(Dressed.FileSystem(system, session, where)).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                await WriteErrorAsync(failure).ConfigureAwait(false);
            }
        }
    }
}
