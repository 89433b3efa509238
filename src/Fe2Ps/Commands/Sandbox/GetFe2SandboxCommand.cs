using System.Management.Automation;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>The sandboxes of this PowerShell process.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Sandbox")]
[OutputType(typeof(SandboxInfo))]
public sealed class GetFe2SandboxCommand : AsyncCmdlet
{
    /// <summary>Only the one that this session works with.</summary>
    [Parameter]
    public SwitchParameter Current { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Here.TryGetSandbox(out string? current);
        foreach (SandboxInfo sandbox in RunningSandboxes.All(current))
            if (sandbox.IsCurrent || !Current) WriteObject(sandbox);
    }
}
