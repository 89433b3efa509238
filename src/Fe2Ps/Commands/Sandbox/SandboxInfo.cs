using Fe2Ps.Core.Sandboxes;

namespace Fe2Ps.Commands;

/// <summary>A sandbox that this PowerShell process has started.</summary>
public sealed class SandboxInfo
{
    internal SandboxInfo(SandboxProcess process, bool isCurrent)
    {
        Process = process;
        IsCurrent = isCurrent;
    }

    /// <summary>The address, <c>http://127.0.0.1:PORT</c>.</summary>
    public string EndpointUrl => Process.EndpointUrl;

    /// <summary>The process id.</summary>
    public int ProcessId => Process.ProcessId;

    /// <summary>What stands behind its instances.</summary>
    public SandboxHosts Hosts => Process.Options.Hosts;

    /// <summary>Its pace.</summary>
    public SandboxSpeed Speed => Process.Options.Speed;

    /// <summary>Where its state survives a restart, or null.</summary>
    public string? StateFolder => Process.Options.StateFolder;

    /// <summary>True where this session works with it.</summary>
    public bool IsCurrent { get; }

    /// <summary>The environment variables that point any other AWS client at it.</summary>
    public IReadOnlyDictionary<string, string> Environment => Process.Environment;

    internal SandboxProcess Process { get; }
}
