using System.Collections.Concurrent;
using Fe2Ps.Core.Sandboxes;

namespace Fe2Ps.Commands;

/// <summary>The sandboxes of this process, whichever of its sessions started them.</summary>
internal static class RunningSandboxes
{
    private static readonly ConcurrentDictionary<int, SandboxProcess> ByProcess = [];

    public static void Add(SandboxProcess sandbox) => ByProcess[sandbox.ProcessId] = sandbox;

    public static void Remove(SandboxProcess sandbox) => ByProcess.TryRemove(sandbox.ProcessId, out _);

    /// <summary>Those that still run, the oldest first.</summary>
    public static IReadOnlyList<SandboxInfo> All(string? currentEndpoint)
    {
        foreach (SandboxProcess ended in ByProcess.Values.Where(s => s.HasExited)) Remove(ended);
        return [.. ByProcess.Values.OrderBy(s => s.ProcessId).Select(s => new SandboxInfo(s, s.EndpointUrl == currentEndpoint))];
    }
}
