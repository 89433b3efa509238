namespace Fe2Ps.Core.Sandboxes;

/// <summary>What kind of hosts stand behind the sandbox's instances.</summary>
public enum SandboxHosts
{
    /// <summary>The best that this machine can do.</summary>
    Default,

    /// <summary>Linux containers: real hosts with an address, a disk and a login of their own. Needs root.</summary>
    Container,

    /// <summary>One sshd per instance on an address of this computer.</summary>
    Process,

    /// <summary>None: the API alone.</summary>
    None,
}

/// <summary>Whether the sandbox takes its time as EC2 does.</summary>
public enum SandboxSpeed
{
    /// <summary>As the sandbox sees fit.</summary>
    Default,

    /// <summary>State changes take about as long as they do on EC2.</summary>
    Realistic,

    /// <summary>State changes are immediate.</summary>
    Fast,
}

/// <summary>How to start a sandbox.</summary>
/// <param name="Program">The path of <c>Fe2Ps.Sandbox.dll</c>.</param>
public sealed record SandboxOptions(string Program)
{
    /// <summary>The tcp port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Where the state survives a restart, or null to forget it.</summary>
    public string? StateFolder { get; init; }

    /// <summary>What stands behind the instances.</summary>
    public SandboxHosts Hosts { get; init; }

    /// <summary>Its pace.</summary>
    public SandboxSpeed Speed { get; init; }

    /// <summary>Where the root disks of terminated instances are kept, to look at what they held; null deletes them as EC2 does.</summary>
    public string? KeepDisks { get; init; }

    /// <summary>How long the start may take. The very first one with containers makes their file system.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);
}
