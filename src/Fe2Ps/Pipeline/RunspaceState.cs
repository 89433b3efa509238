using System.Collections.Concurrent;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Fe2Ps.Core;

namespace Fe2Ps.Pipeline;

/// <summary>
/// What belongs to one PowerShell session and to no other: the sandbox that Start-Fe2Sandbox has pointed it at. A session
/// that has not chosen works where the others do, since ForEach-Object -Parallel in a rehearsal must not reach AWS.
/// </summary>
internal sealed class RunspaceState
{
    private static readonly ConditionalWeakTable<Runspace, RunspaceState> ByRunspace = [];
    private static readonly ConcurrentDictionary<RunspaceState, string> Choices = [];
    private static readonly RunspaceState None = new();

    private bool _hasChosen;
    private string? _endpoint;

    /// <summary>The state of the session that the calling thread belongs to.</summary>
    public static RunspaceState Current =>
        Runspace.DefaultRunspace is { } runspace ? ByRunspace.GetValue(runspace, static _ => new RunspaceState()) : None;

    /// <summary>The endpoint of the sandbox that this session works with, or null for AWS.</summary>
    /// <exception cref="Fe2Exception"><c>SandboxUnclear</c>: other sessions work with several, and this one has not chosen.</exception>
    public string? SandboxEndpoint => TryGetSandbox(out string? endpoint) ? endpoint : throw new Fe2Exception(
        "SandboxUnclear", Fe2ErrorKind.Ambiguous,
        "Other sessions of this PowerShell process work with several sandboxes, and this session has chosen none: it could be meant for any of them, or for AWS.",
        "Say which with -EndpointUrl; Get-Fe2Sandbox lists the sandboxes.");

    /// <summary>The same, without an exception: false where it is unclear.</summary>
    public bool TryGetSandbox(out string? endpoint)
    {
        if (!_hasChosen)
        {
            string[] others = [.. Choices.Values.Distinct(StringComparer.Ordinal)];
            if (others.Length > 1 && !others.Contains(_endpoint))
            {
                endpoint = null;
                return false;
            }

            // One that has ended meanwhile is kept: what began in a sandbox must not go on in AWS.
            if (others is [var only]) _endpoint = only;
        }

        endpoint = _endpoint;
        return true;
    }

    /// <summary>Points this session at a sandbox, or with null at AWS, whatever the others do.</summary>
    public void Choose(string? endpoint)
    {
        _hasChosen = true;
        _endpoint = endpoint;
        if (endpoint is null) Choices.TryRemove(this, out _);
        else Choices[this] = endpoint;
    }

    /// <summary>No session that has yet to choose is led to a sandbox that was stopped. Those that work with it stay there until they choose again.</summary>
    public static void Forget(string endpoint)
    {
        foreach ((RunspaceState state, string chosen) in Choices)
            if (chosen == endpoint) Choices.TryRemove(state, out _);
    }
}
