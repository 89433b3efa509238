using System.Net;
using System.Net.Sockets;

namespace Fe2Ps.Core.Network;

/// <summary>A network in CIDR form, as a caller wrote it.</summary>
public static class Cidr
{
    /// <summary>Checks and completes: <c>203.0.113.7</c> becomes <c>203.0.113.7/32</c>.</summary>
    /// <exception cref="Fe2Exception"><c>CidrInvalid</c>. The whole internet is taken only where it is written in full, <c>0.0.0.0/0</c> or <c>::/0</c>.</exception>
    public static string Parse(string text)
    {
        string trimmed = text.Trim();
        if (IPAddress.TryParse(trimmed, out IPAddress? single) && trimmed.AsSpan().ContainsAny('.', ':'))
        {
            if (single.Equals(IPAddress.Any) || single.Equals(IPAddress.IPv6Any))
                throw Invalid(text, "it would be one address that nobody has");
            return $"{single}/{(single.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32)}";
        }

        // .NET 8 refuses bits beyond the prefix, .NET 10 drops them: here they are a mistake.
        if (!IPNetwork.TryParse(trimmed, out IPNetwork network) || !IPAddress.Parse(trimmed.Split('/')[0]).Equals(network.BaseAddress))
            throw Invalid(text, "it is not a network, or its address has bits beyond the prefix");
        if (network.PrefixLength == 0 && trimmed is not ("0.0.0.0/0" or "::/0"))
            throw Invalid(text, "the whole internet is allowed only as 0.0.0.0/0 or ::/0, in full");
        return network.ToString();
    }

    private static Fe2Exception Invalid(string text, string why) => new(
        "CidrInvalid", Fe2ErrorKind.InvalidArgument, $"'{text}' cannot be used with -Cidr: {why}.",
        "Write a network such as 203.0.113.7/32 or 203.0.113.0/24.", text);
}
