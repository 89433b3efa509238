using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>A cmdlet that acts on the account's own images, named by name, by id or as objects. Records are gathered and acted on together at the end.</summary>
public abstract class ImageActionCmdlet : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names; wildcards select. Ids and images are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ImageName(OnlyNames = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => _batches.Add(Where, Name);

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                ImageSelection found = await new ImageFinder(session).ResolveAsync(names, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
                if (found.Images.Count > 0) await ActAsync(session, where, found.Images, stop).ConfigureAwait(false);
            });
        }
    }

    /// <summary>What the cmdlet does with all images of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Image> images, CancellationToken stop);
}
