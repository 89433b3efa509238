using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Machine images: the newest Ubuntu LTS, or own ones by name.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Ami", DefaultParameterSetName = "Default")]
[OutputType(typeof(Image))]
public sealed class GetFe2AmiCommand : Fe2Cmdlet
{
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
    [ArgumentCompleter(typeof(ImageOwnerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Owner { get; set; } = [];

    /// <summary>Only images for this processor.</summary>
    [Parameter]
    [ValidateSet("x86_64", "arm64")]
    public string? Architecture { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            var finder = new ImageFinder(session);
            IReadOnlyList<Image> images = Own || Name.Length > 0
                ? await finder.ListAsync(Name, Architecture, Owner, stop).ConfigureAwait(false)
                : [await finder.GetAsync(null, Architecture, stop).ConfigureAwait(false)];
            await new ImageOutput(Pump, this).WriteAsync(images, session, where, stop).ConfigureAwait(false);
        });
    }
}
