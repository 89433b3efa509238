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
        Here.TryGetSandbox(out string? current);
        SandboxInfo? found = RunningSandboxes.All(current).FirstOrDefault(s => ProcessId is { } id ? s.ProcessId == id : s.IsCurrent);
        if (found is null)
        {
            // A sandbox that has died on its own must not hold the session.
            if (ProcessId is null && current is not null) Leave(current);
            else WriteError(Missing().ToErrorRecord());
            return;
        }

        if (!ShouldProcess(found.EndpointUrl, "Stop, with all its instances and volumes")) return;
        Run(async stop =>
        {
            await found.Process.StopAsync(stop).ConfigureAwait(false);
            RunningSandboxes.Remove(found.Process);
            if (current == found.EndpointUrl) Leave(current);
            else RunspaceState.Forget(found.EndpointUrl);
        });
    }

    private void Leave(string endpoint)
    {
        RunspaceState.Forget(endpoint);
        Here.Choose(null);
    }

    private Fe2Exception Missing() => new(
        "SandboxNotFound", Fe2ErrorKind.NotFound,
        ProcessId is { } id ? $"This PowerShell process has no sandbox {id}." : "This session works with no sandbox.",
        "Get-Fe2Sandbox lists the ones that run.", ProcessId);
}
