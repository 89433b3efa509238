using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Defaults;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Keeps what the cmdlets take where a parameter is left out. An empty text takes a setting back.</summary>
[Cmdlet(VerbsCommon.Set, "Fe2Default", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SetFe2DefaultCommand : AsyncCmdlet
{
    /// <summary>The region, by code or friendly name.</summary>
    [Parameter(Position = 0)]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string? Region { get; set; }

    /// <summary>The profile of <c>~/.aws</c>.</summary>
    [Parameter]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    public string? ProfileName { get; set; }

    /// <summary>Another EC2 than AWS's own.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? EndpointUrl { get; set; }

    /// <summary>The type of new instances.</summary>
    [Parameter]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    public string? InstanceType { get; set; }

    /// <summary>The image of new instances.</summary>
    [Parameter]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string? Image { get; set; }

    /// <summary>The root disk of new instances, GiB; 0 takes the setting back.</summary>
    [Parameter]
    [ValidateRange(0, 65536)]
    public int DiskSize { get; set; }

    /// <summary>The key pair of new instances.</summary>
    [Parameter]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(KeyPairCompleter))]
    public string? KeyName { get; set; }

    /// <summary>The private key that belongs to it.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? KeyFile { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? User { get; set; }

    /// <summary>From where ssh is allowed.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? Cidr { get; set; }

    /// <summary>Takes every setting back first.</summary>
    [Parameter]
    public SwitchParameter Reset { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing() => Run(() =>
    {
        var file = new DefaultsFile(new Fe2Home(Fe2Environment.Process));
        if (ShouldProcess(file.Path, "Change the defaults")) file.Change(Changed);
    });

    private Fe2Defaults Changed(Fe2Defaults before)
    {
        Fe2Defaults kept = Reset ? new Fe2Defaults() : before;
        return kept with
        {
            Region = Text(nameof(Region), kept.Region) is { } region ? RegionCatalogue.Resolve(region) : null,
            ProfileName = Text(nameof(ProfileName), kept.ProfileName),
            EndpointUrl = Text(nameof(EndpointUrl), kept.EndpointUrl),
            InstanceType = Text(nameof(InstanceType), kept.InstanceType),
            Image = Text(nameof(Image), kept.Image),
            DiskSize = Given(nameof(DiskSize)) ? (DiskSize == 0 ? null : DiskSize) : kept.DiskSize,
            KeyName = Text(nameof(KeyName), kept.KeyName),
            KeyFile = Given(nameof(KeyFile)) && NullIfEmpty(KeyFile) is { } key ? GetUnresolvedProviderPathFromPSPath(key) : Text(nameof(KeyFile), kept.KeyFile),
            User = Text(nameof(User), kept.User),
            Cidr = Text(nameof(Cidr), kept.Cidr) is { } cidr ? Core.Network.Cidr.Parse(cidr) : null,
        };
    }

    private bool Given(string name) => MyInvocation.BoundParameters.ContainsKey(name);

    private string? Text(string name, string? otherwise) =>
        Given(name) ? NullIfEmpty(MyInvocation.BoundParameters[name] as string) : otherwise;
}
