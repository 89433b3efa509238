using System.Net;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Addresses in use, each by one or more holders. One that was given back is given out again only after all others were.</summary>
internal sealed class AddressPool
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, int> _holders = [];
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
                if (!_holders.TryAdd(candidate, 1))
                    continue;
                _next[first] = candidate == last ? first : candidate + 1;
                return HostNetwork.ToAddress(candidate);
            }
        }

        throw new InvalidOperationException(
            $"No address is free between {HostNetwork.ToAddress(first)} and {HostNetwork.ToAddress(last)}. Terminate instances to get some back.");
    }

    /// <summary>One holder more for an address.</summary>
    public void Share(IPAddress address)
    {
        lock (_lock)
            _holders[HostNetwork.ToNumber(address)] = _holders.GetValueOrDefault(HostNetwork.ToNumber(address)) + 1;
    }

    public void Release(IPAddress address)
    {
        var number = HostNetwork.ToNumber(address);
        lock (_lock)
            if (_holders.TryGetValue(number, out var holders) && holders > 1)
                _holders[number] = holders - 1;
            else
                _holders.Remove(number);
    }

    /// <summary>Marks an address as used that was given out in an earlier life of the sandbox.</summary>
    public void Take(IPAddress address)
    {
        lock (_lock)
            _holders.TryAdd(HostNetwork.ToNumber(address), 1);
    }
}
