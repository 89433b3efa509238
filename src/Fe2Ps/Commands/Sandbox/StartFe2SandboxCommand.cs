using System.Management.Automation;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Starts a local EC2 and points this session at it.</summary>
[Cmdlet(VerbsLifecycle.Start, "Fe2Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxInfo))]
public sealed class StartFe2SandboxCommand : AsyncCmdlet
{
    /// <summary>The tcp port; 0 takes a free one.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>Where the state survives a restart.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? StateFolder { get; set; }

    /// <summary>What stands behind the instances.</summary>
    [Parameter]
    public SandboxHosts Hosts { get; set; }

    /// <summary>Its pace.</summary>
    [Parameter]
    public SandboxSpeed Speed { get; set; }

    /// <summary>Leaves this session where it is.</summary>
    [Parameter]
    public SwitchParameter NoSwitch { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!ShouldProcess("a local EC2", NoSwitch ? "Start" : "Start, and point this session at it")) return;
        var options = new SandboxOptions(Program())
        {
            Port = Port,
            StateFolder = StateFolder is null ? null : GetUnresolvedProviderPathFromPSPath(StateFolder),
            Hosts = Hosts,
            Speed = Speed,
        };
        Run(async stop =>
        {
            SandboxProcess sandbox = await SandboxProcess.StartAsync(options, Pump, stop).ConfigureAwait(false);
            RunningSandboxes.Add(sandbox);
            if (!NoSwitch) Here.Choose(sandbox.EndpointUrl);
            await WriteAsync(new SandboxInfo(sandbox, !NoSwitch)).ConfigureAwait(false);
        });
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => "The sandbox was not started; nothing of it is left.";

    private static string Program()
    {
        if (Environment.GetEnvironmentVariable("FE2_SANDBOX") is { Length: > 0 } named) return named;
        string bin = Path.GetDirectoryName(typeof(StartFe2SandboxCommand).Assembly.Location)!;
        return Path.GetFullPath(Path.Combine(bin, "..", "..", "sandbox", "Fe2Ps.Sandbox.dll"));
    }
}
