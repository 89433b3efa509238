using System.Net;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Addresses in use. One that was given back is given out again only after all others were.</summary>
internal sealed class AddressPool
{
    private readonly Lock _lock = new();
    private readonly HashSet<uint> _used = [];
    private readonly Dictionary<uint, uint> _next = [];

    /// <summary>A free address from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public IPAddress Reserve(uint first, uint last)
    {
        lock (_lock)
        {
            var count = last - first + 1;
            var start = _next.GetValueOrDefault(first, first) - first;
            for (uint step = 0; step < count; step++)
            {
                var candidate = first + ((start + step) % count);
                if (!_used.Add(candidate))
                    continue;
                _next[first] = candidate == last ? first : candidate + 1;
                return HostNetwork.ToAddress(candidate);
            }
        }

        throw new InvalidOperationException(
            $"No address is free between {HostNetwork.ToAddress(first)} and {HostNetwork.ToAddress(last)}. Terminate instances to get some back.");
    }

    public void Release(IPAddress address)
    {
        lock (_lock)
            _used.Remove(HostNetwork.ToNumber(address));
    }

    /// <summary>Marks an address as used that was given out in an earlier life of the sandbox.</summary>
    public void Take(IPAddress address)
    {
        lock (_lock)
            _used.Add(HostNetwork.ToNumber(address));
    }
}
