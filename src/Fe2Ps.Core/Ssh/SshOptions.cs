namespace Fe2Ps.Core.Ssh;

/// <summary>How this computer uses ssh. The defaults are right outside of tests.</summary>
public sealed record SshOptions
{
    /// <summary>The Fe2 folder: known hosts and sockets live here.</summary>
    public string Folder { get; init; } = Fe2Folder.DefaultPath;

    /// <summary>An ssh_config file to use instead of the user's and the system's own, or null.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Whether several commands share one connection. Windows' OpenSSH cannot.</summary>
    public bool ShareConnections { get; init; } = !OperatingSystem.IsWindows();

    /// <summary>How long a shared connection stays open without use.</summary>
    public TimeSpan SharedIdle { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the connection itself may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the other side may be silent before it is asked for a sign of life; after three without answer the connection counts as cut.</summary>
    public TimeSpan AliveInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether rsync may be used for files. Without it, files travel as a tar stream.</summary>
    public bool UseRsync { get; init; } = true;
}
