using Fe2Ps.Core.Tunnels;

namespace Fe2Ps.Core.Notebooks;

/// <summary>A notebook server that can be opened from this computer.</summary>
public sealed class NotebookInfo
{
    /// <summary>Joins a server with the tunnel to it.</summary>
    public NotebookInfo(NotebookServer server, Fe2Tunnel tunnel)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(tunnel);
        (Name, InstanceId, LocalPort, RemotePort) = (tunnel.Name, tunnel.InstanceId, tunnel.LocalPort, server.Port);
        (Folder, Url) = (server.Folder, server.UrlAt(tunnel.LocalPort));
    }

    /// <summary>The machine's name.</summary>
    public string Name { get; }

    /// <summary>The machine's id.</summary>
    public string InstanceId { get; }

    /// <summary>The port here, on the loopback address alone.</summary>
    public int LocalPort { get; }

    /// <summary>The port there.</summary>
    public int RemotePort { get; }

    /// <summary>The folder there that it shows.</summary>
    public string Folder { get; }

    /// <summary>The address, with the token that lets in: a secret. No view shows it.</summary>
    public string Url { get; }

    /// <inheritdoc/>
    public override string ToString() => $"localhost:{LocalPort} -> Jupyter of {Name} in {Folder}";
}
