using System.Management.Automation;
using Fe2Ps.Core;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Ends a sandbox with all that runs in it, and points this session back at AWS.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Fe2Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopFe2SandboxCommand : AsyncCmdlet
{
    /// <summary>The process of the sandbox; without it, the one that this session works with.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public int? ProcessId { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SandboxInfo? found = RunningSandboxes.All(Here.SandboxEndpoint).FirstOrDefault(s => ProcessId is { } id ? s.ProcessId == id : s.IsCurrent);
        if (found is null)
        {
            // A sandbox that has died on its own must not hold the session.
            if (ProcessId is null && Here.SandboxEndpoint is not null) Here.SandboxEndpoint = null;
            else WriteError(Missing().ToErrorRecord());
            return;
        }

        if (!ShouldProcess(found.EndpointUrl, "Stop, with all its instances and volumes")) return;
        Run(async stop =>
        {
            await found.Process.StopAsync(stop).ConfigureAwait(false);
            RunningSandboxes.Remove(found.Process);
            if (Here.SandboxEndpoint == found.EndpointUrl) Here.SandboxEndpoint = null;
        });
    }

    private Fe2Exception Missing() => new(
        "SandboxNotFound", Fe2ErrorKind.NotFound,
        ProcessId is { } id ? $"This PowerShell process has no sandbox {id}." : "This session works with no sandbox.",
        "Get-Fe2Sandbox lists the ones that run.", ProcessId);
}
