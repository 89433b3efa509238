using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Machine images: the newest Ubuntu LTS, or own ones by name.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Ami", DefaultParameterSetName = "Default")]
[OutputType(typeof(Image))]
public sealed class GetFe2AmiCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Names or ids; wildcards select.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Name")]
    [Alias("ImageId")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ImageName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>All images of the account.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Own")]
    public SwitchParameter Own { get; set; }

    /// <summary>Whose images.</summary>
    [Parameter(ParameterSetName = "Name")]
    [Parameter(Mandatory = true, ParameterSetName = "Owner")]
    [ArgumentCompleter(typeof(ImageOwnerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Owner { get; set; } = [];

    /// <summary>Only images for this processor.</summary>
    [Parameter]
    [ValidateSet("x86_64", "arm64")]
    public string? Architecture { get; set; }

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
                var finder = new ImageFinder(session);
                ImageSelection found = ParameterSetName == "Default"
                    ? new([await finder.GetAsync(null, Architecture, stop).ConfigureAwait(false)], [])
                    : await finder.SelectAsync(ParameterSetName == "Owner" ? OfOwner() : names, Architecture, Owner, stop).ConfigureAwait(false);
                await new ImageOutput(Pump, this).WriteAsync(found.Images, session, where, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
            });
        }
    }

    /// <summary>All images of an account; not those of the houses that publish tens of thousands.</summary>
    private string[] OfOwner() => Owner.FirstOrDefault(o => o.Trim().ToLowerInvariant() is "amazon" or "aws-marketplace" or "canonical") is { } house
        ? throw new Fe2Exception(
            "NameMissing", Fe2ErrorKind.InvalidArgument, $"'{house}' publishes too many images to list all of them.",
            $"Say which, wildcards select: Get-Fe2Ami *ubuntu*24.04* -Owner {house}", house)
        : ["*"];
}
