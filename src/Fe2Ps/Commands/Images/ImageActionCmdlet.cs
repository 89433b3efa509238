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
    private readonly List<(SessionOptions Where, List<string> Names)> _batches = [];

    /// <summary>Names; wildcards select. Ids and images are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ImageName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        int at = _batches.FindIndex(b => b.Where == Where);
        if (at < 0) _batches.Add((Where, [.. Name]));
        else _batches[at].Names.AddRange(Name);
    }

    /// <inheritdoc/>
    protected sealed override void EndProcessing()
    {
        foreach ((SessionOptions where, List<string> names) in _batches)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                IReadOnlyList<Image> images = await FindAsync(session, names, stop).ConfigureAwait(false);
                if (images.Count > 0) await ActAsync(session, where, images, stop).ConfigureAwait(false);
            });
        }
    }

    /// <summary>What the cmdlet does with all images of one place.</summary>
    private protected abstract Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Image> images, CancellationToken stop);

    /// <summary>One that is not there does not hold up the others.</summary>
    private async Task<IReadOnlyList<Image>> FindAsync(Fe2Session session, List<string> names, CancellationToken stop)
    {
        var finder = new ImageFinder(session);
        var found = new List<Image>();
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            try
            {
                found.AddRange(await finder.ListAsync([name], null, ["self"], stop).ConfigureAwait(false));
            }
            catch (Fe2Exception failure) when (failure.Id == "ImageNotFound")
            {
                await WriteErrorAsync(failure).ConfigureAwait(false);
            }
        }

        return [.. found.DistinctBy(i => i.ImageId)];
    }
}
