using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tunnels;

/// <summary>The state of a tunnel.</summary>
public enum TunnelState
{
    /// <summary>It is being opened for the first time.</summary>
    Connecting,

    /// <summary>It is open.</summary>
    Connected,

    /// <summary>Its connection was cut, and is being made again; nothing listens here meanwhile.</summary>
    Reconnecting,

    /// <summary>It will not come back by itself: the reason says why.</summary>
    Failed,

    /// <summary>It was ended.</summary>
    Stopped,
}

/// <summary>A tunnel in the background of this process: a port here that leads to a port of a machine. The object shows what is now.</summary>
public sealed class Fe2Tunnel
{
    private readonly Tunnel _ports;

    internal Fe2Tunnel(string name, string instanceId, Tunnel ports, object? owner)
    {
        Name = name;
        InstanceId = instanceId;
        _ports = ports;
        Owner = owner;
    }

    /// <summary>The machine's name.</summary>
    public string Name { get; }

    /// <summary>The machine's id.</summary>
    public string InstanceId { get; }

    /// <summary>The port here, on the loopback address alone.</summary>
    public int LocalPort => _ports.LocalPort;

    /// <summary>The port there, as the machine itself sees it.</summary>
    public int RemotePort => _ports.RemotePort;

    /// <summary>Where a browser finds it.</summary>
    public string Url => $"http://localhost:{LocalPort}";

    /// <summary>The state.</summary>
    public TunnelState State { get; private set; }

    /// <summary>Why it is in this state, or what is to be known about it; null where all is well.</summary>
    public string? Reason { get; private set; }

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>How often it was connected again.</summary>
    public int Reconnects { get; internal set; }

    /// <summary>Who opened it: a session of PowerShell.</summary>
    internal object? Owner { get; }

    internal Tunnel Ports => _ports;

    /// <inheritdoc/>
    public override string ToString() => $"localhost:{LocalPort} -> {Name}:{RemotePort} ({State})";

    internal void Become(TunnelState state, string? reason, DateTimeOffset now)
    {
        if (State == TunnelState.Stopped) return;
        if (State != state || Since == default) Since = now;
        Reason = reason;
        State = state;
    }
}
