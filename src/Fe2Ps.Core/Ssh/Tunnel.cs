using System.Globalization;

namespace Fe2Ps.Core.Ssh;

/// <summary>A tcp port of this computer that leads to a port of the machine, through ssh.</summary>
/// <param name="LocalPort">The port here, on the loopback address alone; 1 to 65535.</param>
/// <param name="RemotePort">The port there, as the machine itself sees it; 1 to 65535.</param>
public sealed record Tunnel(int LocalPort, int RemotePort)
{
    /// <summary>Reads <c>8888</c> (the same port on both sides) or <c>8008:8080</c> (here : there).</summary>
    /// <exception cref="Fe2Exception"><c>TunnelInvalid</c>.</exception>
    public static Tunnel Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':');
        if (parts.Length is 1 or 2 && ReadPort(parts[0]) is { } local && ReadPort(parts[^1]) is { } remote)
            return new Tunnel(local, remote);
        throw SshErrors.TunnelInvalid(text);
    }

    /// <inheritdoc/>
    public override string ToString() => LocalPort == RemotePort ? $"{LocalPort}" : $"{LocalPort}:{RemotePort}";

    /// <summary>The value of ssh's option -L.</summary>
    internal string ToOption() => $"127.0.0.1:{LocalPort}:localhost:{RemotePort}";

    private static int? ReadPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535 ? port : null;
}
