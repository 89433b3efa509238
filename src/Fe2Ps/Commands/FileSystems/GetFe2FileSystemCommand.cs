using System.Management.Automation;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The shared file systems of a region.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2FileSystem")]
[OutputType(typeof(FileSystemDescription))]
public sealed class GetFe2FileSystemCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names or ids; wildcards select.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [Alias("FileSystemId")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(FileSystemNameCompleter))]
    [FileSystemName]
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
                FileSystemSelection found = await new FileSystemQuery(session).ListAsync(names, stop).ConfigureAwait(false);
                foreach (FileSystemDescription system in found.FileSystems) await WriteAsync(Dressed.FileSystem(system, session, where)).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
            });
        }
    }
}
