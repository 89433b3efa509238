using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Brings ports of a machine here, in the background.</summary>
[Cmdlet(VerbsLifecycle.Start, "Fe2Tunnel", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(Fe2Tunnel))]
public sealed class StartFe2TunnelCommand : LoginCmdlet
{
    private readonly SshConnector _connector = new();

    /// <summary>The name, or the id.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The id.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string InstanceId { get; set; } = "";

    /// <summary>Ports: 8888, or 8008:8080 for here:there.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Name")]
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] Port { get; set; } = [];

    /// <summary>Opens the first port in the browser.</summary>
    [Parameter]
    public SwitchParameter Browser { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        string wanted = ParameterSetName == "Id" ? InstanceId : Name;
        if (!ShouldProcess(wanted, $"Bring {string.Join(", ", Port)} here")) return;
        Run(async stop =>
        {
            Tunnel[] ports = [.. Port.Select(Tunnel.Parse)];
            LocalPorts.EnsureFree(ports);
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            Instance instance = await new InstanceQuery(session).GetAsync(wanted, stop).ConfigureAwait(false);
            IReadOnlyList<Fe2Tunnel> tunnels = await TunnelRegistry.StartAsync(
                session, _connector, instance, ports, new TunnelRequest(LoginUser, LoginKey, Here), Pump, stop).ConfigureAwait(false);
            foreach (Fe2Tunnel tunnel in tunnels) await WriteAsync(Dressed.Dress(tunnel, "Fe2Ps.Tunnel", session, where)).ConfigureAwait(false);
            if (Browser) Core.Tunnels.Browser.Open(tunnels[0].Url);
        });
    }
}
