using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>The tunnels of this PowerShell process.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Tunnel")]
[OutputType(typeof(Fe2Tunnel))]
public sealed class GetFe2TunnelCommand : AsyncCmdlet
{
    /// <summary>Names of machines, with wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TunnelNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(TunnelNames.Find(Name), enumerateCollection: true);
}
