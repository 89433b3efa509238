using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Ends tunnels.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Fe2Tunnel", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(Fe2Tunnel))]
public sealed class StopFe2TunnelCommand : AsyncCmdlet
{
    /// <summary>Names of machines, with wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TunnelNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ports of this computer.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Port")]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, 65535)]
    public int[] LocalPort { get; set; } = [];

    /// <summary>Gives the tunnels that were ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<Fe2Tunnel> found = ParameterSetName == "Port"
            ? [.. TunnelRegistry.All.Where(t => LocalPort.Contains(t.LocalPort))] : TunnelNames.Find(Name);
        foreach (string missing in ParameterSetName == "Port"
            ? LocalPort.Where(p => found.All(t => t.LocalPort != p)).Select(p => $"on port {p}")
            : Name.Where(n => !WildcardPattern.ContainsWildcardCharacters(n) && TunnelNames.Find([n]).Count == 0).Select(n => $"to '{n}'"))
        {
            WriteError(new Fe2Exception(
                "TunnelNotFound", Fe2ErrorKind.NotFound, $"This PowerShell process has no tunnel {missing}.", "Get-Fe2Tunnel lists them.", missing).ToErrorRecord());
        }

        foreach (Fe2Tunnel tunnel in found)
        {
            if (!ShouldProcess($"{tunnel}", "Stop")) continue;
            Run(_ => TunnelRegistry.StopAsync(tunnel));
            if (PassThru) WriteObject(tunnel);
        }
    }
}
