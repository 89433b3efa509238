using System.Diagnostics;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Logs in to a machine over ssh, with tunnels if wanted.</summary>
[Cmdlet(VerbsCommon.Enter, "Fe2Instance", DefaultParameterSetName = "Name")]
[Alias("Connect-Fe2Instance")]
[OutputType(typeof(void))]
public sealed class EnterFe2InstanceCommand : LoginCmdlet
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

    /// <summary>Ports of the machine to bring here: 8888, or 8008:8080 for here:there.</summary>
    [Parameter(Position = 1, ParameterSetName = "Name")]
    [Parameter(ParameterSetName = "Id")]
    [ValidateNotNull]
    public string[] Port { get; set; } = [];

    /// <summary>Opens the first of the ports in the browser.</summary>
    [Parameter]
    public SwitchParameter Browser { get; set; }

    /// <summary>A command to run on a terminal there instead of a login shell.</summary>
    [Parameter]
    public string? Command { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        string wanted = ParameterSetName == "Id" ? InstanceId : Name;
        SshInvocation? login = null;
        Tunnel[] tunnels = [];
        Run(async stop =>
        {
            tunnels = [.. Port.Select(Tunnel.Parse)];
            LocalPorts.EnsureFree(tunnels);
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            Instance instance = await new InstanceQuery(session).GetAsync(wanted, stop).ConfigureAwait(false);
            var access = new MachineAccess(session, _connector, Pump);
            SshTarget target = await access.TargetAsync(instance, LoginKey, LoginUser, stop).ConfigureAwait(false);
            login = await access.ConnectAsync(
                instance, target, t => _connector.InteractiveAsync(target, tunnels, NullIfEmpty(Command), t), stop).ConfigureAwait(false);
            await NearEnd.WarnAsync(_connector, target, tunnels, Pump, stop).ConfigureAwait(false);
        });
        if (login is null) return;
        using var over = new CancellationTokenSource();
        if (Browser && tunnels.Length > 0) _ = NearEnd.BrowseAsync(tunnels[0], over.Token);
        LogIn(login);
        over.Cancel();
    }

    private void LogIn(SshInvocation login)
    {
        // The terminal itself is handed over: ssh makes it raw, so that Ctrl+C is the remote shell's.
        using var process = new Process { StartInfo = new ProcessStartInfo(login.FileName, login.Arguments) { UseShellExecute = false } };
        process.Start();
        process.WaitForExit();
        SessionState.PSVariable.Set("global:LASTEXITCODE", process.ExitCode);
    }
}
