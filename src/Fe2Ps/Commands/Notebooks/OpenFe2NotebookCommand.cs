using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Notebooks;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Opens the Jupyter of a machine in the browser; starts it where it does not run.</summary>
[Cmdlet(VerbsCommon.Open, "Fe2Notebook", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(NotebookInfo))]
public sealed class OpenFe2NotebookCommand : LoginCmdlet
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

    /// <summary>The port of this computer; 0 takes the one that Jupyter has there, or the next free one.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>The folder there that it shows.</summary>
    [Parameter]
    public string? Folder { get; set; }

    /// <summary>Opens no browser.</summary>
    [Parameter]
    public SwitchParameter NoBrowser { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        string wanted = ParameterSetName == "Id" ? InstanceId : Name;
        if (!ShouldProcess(wanted, "Open Jupyter, and start it where it does not run")) return;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            Instance instance = await new InstanceQuery(session).GetAsync(wanted, stop).ConfigureAwait(false);
            var access = new MachineAccess(session, _connector, Pump);
            SshTarget target = await access.TargetAsync(instance, LoginKey, LoginUser, stop).ConfigureAwait(false);
            await using ISshSession ssh = await access.OpenAsync(instance, target, stop).ConfigureAwait(false);
            NotebookServer server = await NotebookServers.EnsureAsync(ssh, NullIfEmpty(Folder), session.Clock, Pump, stop).ConfigureAwait(false);
            Fe2Tunnel tunnel = await TunnelRegistry.JoinAsync(
                session, _connector, instance, Port, server.Port, new TunnelRequest(LoginUser, LoginKey, Here), Pump, stop).ConfigureAwait(false);
            var notebook = new NotebookInfo(server, tunnel);
            await WriteAsync(notebook).ConfigureAwait(false);
            if (!NoBrowser) Browser.OpenSecret(notebook.Url, session.Folder, $"notebook-{tunnel.LocalPort}");
        });
    }
}
