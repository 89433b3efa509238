using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// The network of one sandbox: a namespace that every packet of its hosts passes as through a router. A point-to-point link leads to
/// each host and one to the machine; there is no bridge, so hosts reach each other only as far as their rules say, and they reach
/// nothing of the machine or beyond it. Public addresses are translated one to one, as in a VPC.
/// </summary>
internal sealed class HostNetwork
{
    /// <summary>The router as the hosts see it; the same on every link.</summary>
    private const string Gateway = "169.254.1.1";
    private const string Metadata = "169.254.169.254";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Joined> _joined = [];
    private readonly Dictionary<string, IReadOnlyList<IngressRule>> _rules = [];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly string _id;

    public HostNetwork(Claim claim)
    {
        _id = claim.Id;
        var first = (198u << 24) | (18u << 16) | ((uint)claim.Block << 10);
        Public = new IPNetwork(ToAddress(first), 22);
        CallerAddress = ToAddress(first + 1);
        RouterAddress = ToAddress(first + 2);
        FirstPublic = first + 16;
        LastPublic = first + 1023;
    }

    public IPNetwork Public { get; }

    public IPAddress CallerAddress { get; }

    public uint FirstPublic { get; }

    public uint LastPublic { get; }

    private IPAddress RouterAddress { get; }

    private string Space => NamespaceOf(_id);

    private string SpaceFile => $"/run/netns/{Space}";

    public static string NamespaceOf(string id) => $"fe2-{id}";

    public static string LinkOf(string id) => $"fe2-{id}";

    public static IPAddress ToAddress(uint value) =>
        new([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);

    public static uint ToNumber(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
    }

    /// <summary>Takes a sandbox's network away, whichever parts of it there are.</summary>
    public static async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        await Commands.TryAsync("ip", ["link", "delete", LinkOf(id)], cancellationToken).ConfigureAwait(false);
        await Commands.TryAsync("ip", ["netns", "delete", NamespaceOf(id)], cancellationToken).ConfigureAwait(false);
    }

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        var link = LinkOf(_id);
        await Commands.RunAsync("ip", ["netns", "add", Space], cancellationToken).ConfigureAwait(false);
        await Commands.RunAsync("ip", ["-batch", "-"], cancellationToken, $"""
            link add {link} type veth peer name machine netns {Space}
            addr add {CallerAddress}/32 peer {RouterAddress} dev {link}
            link set {link} up
            route add {Public} via {RouterAddress} dev {link} src {CallerAddress}

            """).ConfigureAwait(false);
        await Commands.RunAsync("ip", ["-n", Space, "-batch", "-"], cancellationToken, $"""
            link set lo up
            addr add {Metadata}/32 dev lo
            addr add {Gateway}/32 dev lo
            addr add {RouterAddress}/32 peer {CallerAddress} dev machine
            link set machine up
            route add unreachable default metric 1000

            """).ConfigureAwait(false);
        Namespaces.InNetwork(SpaceFile, () =>
        {
            File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
            return true;
        });
        await FilterAsync($$"""
            table ip fe2 {
              map private_of { type ipv4_addr : ipv4_addr; }
              map public_of { type ipv4_addr : ipv4_addr; }
              map ingress { type ipv4_addr : verdict; }
              set cut { type ipv4_addr; }
              chain input {
                type filter hook input priority 0; policy drop;
                ip saddr @cut drop
                ct state established,related accept
                iifname "machine" accept
                ip daddr {{Metadata}} tcp dport 80 accept
                ip protocol icmp accept
              }
              chain output {
                type filter hook output priority 0; policy accept;
                ip daddr @cut drop
              }
              chain forward {
                type filter hook forward priority 0; policy drop;
                ip saddr @cut drop
                ip daddr @cut drop
                ct state established,related accept
                oifname "machine" reject with icmp type admin-prohibited
                ip daddr vmap @ingress
              }
              chain prerouting {
                type nat hook prerouting priority -100; policy accept;
                dnat to ip daddr map @private_of
              }
              chain postrouting {
                type nat hook postrouting priority 100; policy accept;
                ct original ip daddr {{Public}} snat to ip saddr map @public_of
              }
            }
            """, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A listening socket where the hosts look for instance metadata.</summary>
    public Socket ListenForMetadata() => Namespaces.InNetwork(SpaceFile, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Metadata), 80));
        socket.Listen(512);
        return socket;
    });

    /// <summary>Links a host's own namespace, known by its first process, to the router.</summary>
    public async Task JoinAsync(string instanceId, int pid, IPAddress privateAddress, IPAddress? publicAddress, CancellationToken cancellationToken)
    {
        var link = "h" + Hex(privateAddress);
        await Commands.RunAsync("ip", ["-n", Space, "-batch", "-"], cancellationToken, $"""
            link add {link} type veth peer name eth0 netns {pid}
            link set {link} up
            route add {privateAddress}/32 dev {link}

            """).ConfigureAwait(false);
        await Commands.RunAsync("nsenter", [$"--net=/proc/{pid}/ns/net", "ip", "-batch", "-"], cancellationToken, $"""
            link set lo up
            addr add {privateAddress}/32 dev eth0
            link set eth0 up
            route add {Gateway} dev eth0 scope link
            route add default via {Gateway} dev eth0 src {privateAddress}

            """).ConfigureAwait(false);

        IReadOnlyList<IngressRule> rules;
        lock (_lock)
        {
            _joined[instanceId] = new Joined(privateAddress, publicAddress, link);
            rules = _rules.GetValueOrDefault(instanceId) ?? [];
        }

        var text = new StringBuilder();
        if (publicAddress is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"add element ip fe2 private_of {{ {publicAddress} : {privateAddress} }}");
            text.AppendLine(CultureInfo.InvariantCulture, $"add element ip fe2 public_of {{ {privateAddress} : {publicAddress} }}");
        }

        AppendRules(text, privateAddress, rules);
        await FilterAsync(text.ToString(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets a host that has ended; its link went with its namespace.</summary>
    public async Task LeaveAsync(string instanceId, CancellationToken cancellationToken)
    {
        Joined? left;
        lock (_lock)
            if (!_joined.Remove(instanceId, out left))
                return;

        var text = new StringBuilder();
        if (left.Public is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"delete element ip fe2 private_of {{ {left.Public} }}");
            text.AppendLine(CultureInfo.InvariantCulture, $"delete element ip fe2 public_of {{ {left.Private} }}");
        }

        if (left.IsCut)
            text.AppendLine(CultureInfo.InvariantCulture, $"delete element ip fe2 cut {{ {left.Private} }}");
        text.AppendLine(CultureInfo.InvariantCulture, $"delete element ip fe2 ingress {{ {left.Private} }}");
        text.AppendLine(CultureInfo.InvariantCulture, $"delete chain ip fe2 {left.Link}");
        await FilterAsync(text.ToString(), cancellationToken).ConfigureAwait(false);
        // The kernel takes a namespace down some time after its last process; the name must be free before that.
        await Commands.TryAsync("ip", ["-n", Space, "link", "delete", left.Link], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a host that hibernated another public address; none takes it off the network.</summary>
    public async Task ReaddressAsync(string instanceId, IPAddress? publicAddress, CancellationToken cancellationToken)
    {
        Joined? joined;
        lock (_lock)
        {
            if (!_joined.TryGetValue(instanceId, out joined))
                return;
            _joined[instanceId] = joined with { Public = publicAddress };
        }

        var text = new StringBuilder();
        if (joined.Public is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"delete element ip fe2 private_of {{ {joined.Public} }}");
            text.AppendLine(CultureInfo.InvariantCulture, $"delete element ip fe2 public_of {{ {joined.Private} }}");
        }

        if (publicAddress is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"add element ip fe2 private_of {{ {publicAddress} : {joined.Private} }}");
            text.AppendLine(CultureInfo.InvariantCulture, $"add element ip fe2 public_of {{ {joined.Private} : {publicAddress} }}");
        }

        if (text.Length > 0)
            await FilterAsync(text.ToString(), cancellationToken).ConfigureAwait(false);
        await SetConnectedAsync(instanceId, publicAddress is not null, cancellationToken).ConfigureAwait(false);
    }

    public void Forget(string instanceId)
    {
        lock (_lock)
            _rules.Remove(instanceId);
    }

    public async Task SetIngressAsync(string instanceId, IReadOnlyList<IngressRule> rules, CancellationToken cancellationToken)
    {
        Joined? joined;
        lock (_lock)
        {
            _rules[instanceId] = rules;
            joined = _joined.GetValueOrDefault(instanceId);
        }

        if (joined is null)
            return;
        var text = new StringBuilder();
        AppendRules(text, joined.Private, rules);
        await FilterAsync(text.ToString(), cancellationToken).ConfigureAwait(false);
    }

    public async Task SetConnectedAsync(string instanceId, bool connected, CancellationToken cancellationToken)
    {
        Joined? joined;
        lock (_lock)
        {
            if (!_joined.TryGetValue(instanceId, out joined) || joined.IsCut == !connected)
                return;
            joined.IsCut = !connected;
        }

        await FilterAsync($"{(connected ? "delete" : "add")} element ip fe2 cut {{ {joined.Private} }}", cancellationToken).ConfigureAwait(false);
    }

    private static void AppendRules(StringBuilder text, IPAddress address, IReadOnlyList<IngressRule> rules)
    {
        var chain = "h" + Hex(address);
        text.AppendLine(CultureInfo.InvariantCulture, $"add chain ip fe2 {chain}");
        text.AppendLine(CultureInfo.InvariantCulture, $"flush chain ip fe2 {chain}");
        foreach (var rule in rules.Where(rule => rule.Source.BaseAddress.AddressFamily == AddressFamily.InterNetwork))
            text.AppendLine(CultureInfo.InvariantCulture, $"add rule ip fe2 {chain} ip saddr {rule.Source} {Match(rule)} accept");
        text.AppendLine(CultureInfo.InvariantCulture, $"add element ip fe2 ingress {{ {address} : jump {chain} }}");
    }

    private static string Match(IngressRule rule) => rule.Protocol switch
    {
        "tcp" or "udp" when rule.FromPort < 0 => $"ip protocol {rule.Protocol}",
        "tcp" or "udp" => $"{rule.Protocol} dport {rule.FromPort}-{rule.ToPort}",
        "icmp" when rule.FromPort >= 0 => $"icmp type {rule.FromPort}",
        "icmp" => "ip protocol icmp",
        "-1" => string.Empty,
        _ => $"ip protocol {rule.Protocol}",
    };

    private static string Hex(IPAddress address) => ToNumber(address).ToString("x8", CultureInfo.InvariantCulture);

    private async Task FilterAsync(string rules, CancellationToken cancellationToken)
    {
        // One at a time: the rule set is one object, and a change against an outdated one is refused by the kernel.
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Commands.RunAsync("nsenter", [$"--net={SpaceFile}", "nft", "-f", "-"], cancellationToken, rules + "\n").ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private sealed record Joined(IPAddress Private, IPAddress? Public, string Link)
    {
        public bool IsCut { get; set; }
    }
}
