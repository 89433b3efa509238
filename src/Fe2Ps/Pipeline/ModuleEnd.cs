using System.Management.Automation;
using Fe2Ps.Core.Tunnels;

namespace Fe2Ps.Pipeline;

/// <summary>Remove-Module: what runs in the background of this session ends with it.</summary>
public sealed class ModuleEnd : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => TunnelRegistry.StopOfAsync(RunspaceState.Current).Wait(TimeSpan.FromSeconds(5));
}
