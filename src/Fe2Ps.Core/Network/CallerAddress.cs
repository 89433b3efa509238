using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Network;

/// <summary>Finds the address from which this computer's connections reach AWS.</summary>
public sealed class CallerAddress(Fe2Session session)
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(8) };
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<Uri, (DateTimeOffset At, IPAddress Address)> Known = new();

    /// <summary>The address as text of one network: <c>203.0.113.7/32</c> or <c>2001:db8::1/128</c>.</summary>
    /// <param name="fresh">True to ask again even when asked within the last minute.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="Fe2Exception"><c>CallerAddressUnknown</c>: give -Cidr.</exception>
    public async Task<string> FindCidrAsync(bool fresh = false, CancellationToken cancellationToken = default)
    {
        Uri service = session.EndpointUrl is { } endpoint && !new Uri(endpoint).Host.EndsWith(".amazonaws.com", StringComparison.Ordinal)
            ? new Uri(new Uri(endpoint.TrimEnd('/') + "/"), "_sandbox/checkip")
            : new Uri("https://checkip.amazonaws.com/");
        if (!fresh && Known.TryGetValue(service, out var known) && session.Clock.GetUtcNow() - known.At < Memory)
            return Network(known.Address);
        string text;
        try
        {
            text = await Http.GetStringAsync(service, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Unknown(service, e.Message, e);
        }

        if (!IPAddress.TryParse(text.Trim(), out IPAddress? address))
            throw Unknown(service, "its answer is not an address", null);
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Known[service] = (session.Clock.GetUtcNow(), address);
        return Network(address);
    }

    private static string Network(IPAddress address) =>
        $"{address}/{(address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32)}";

    private static Fe2Exception Unknown(Uri service, string why, Exception? inner) => new(
        "CallerAddressUnknown", Fe2ErrorKind.Connection,
        $"This computer's own address, from which ssh is to be allowed, could not be found: {service.Host}: {why}.",
        "Give it with -Cidr, for example -Cidr 203.0.113.7/32; your network's administrator knows it.", service.ToString(), inner);
}
