using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace Fe2Ps.Pipeline;

/// <summary>What belongs to one PowerShell session and to no other: the sandbox that Start-Fe2Sandbox has pointed it at.</summary>
internal sealed class RunspaceState
{
    private static readonly ConditionalWeakTable<Runspace, RunspaceState> ByRunspace = [];
    private static readonly RunspaceState None = new();

    /// <summary>The state of the session that the calling thread belongs to.</summary>
    public static RunspaceState Current =>
        Runspace.DefaultRunspace is { } runspace ? ByRunspace.GetValue(runspace, static _ => new RunspaceState()) : None;

    /// <summary>The endpoint of the sandbox that this session works with, or null for AWS.</summary>
    public string? SandboxEndpoint { get; set; }
}
