using System.Net;
using System.Net.Sockets;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Inbound rules in the forms of the wire: flat parameters, IpPermissions, rule records.</summary>
internal static class PermissionView
{
    /// <summary>Outbound traffic, which the sandbox leaves open.</summary>
    public static Fields[] Everything { get; } =
    [
        new() { ["IpProtocol"] = "-1", ["IpRanges"] = new[] { new Fields { ["CidrIp"] = "0.0.0.0/0" } } },
    ];

    /// <summary>The rules of an authorize or revoke request, each with one source.</summary>
    public static List<GroupRule> Read(Call call)
    {
        var input = call.Input;
        var rules = new List<GroupRule>();
        if (input.Text("IpProtocol") is { } flat)
        {
            var group = input.Text("SourceSecurityGroupName") is { } name ? call.GroupByName(name).Id : null;
            if (group is null && !input.Has("CidrIp"))
                throw ApiException.Missing("CidrIp");
            rules.Add(Make(flat, input.Int("FromPort"), input.Int("ToPort"), input.Text("CidrIp"), null, group, null, call.Now));
        }

        foreach (var permission in input.List("IpPermissions"))
        {
            var protocol = permission.Text("IpProtocol") ?? throw ApiException.Missing("IpPermissions.1.IpProtocol");
            var (from, to) = (permission.Int("FromPort"), permission.Int("ToPort"));
            var before = rules.Count;
            foreach (var range in permission.List("IpRanges"))
                rules.Add(Make(protocol, from, to, range.Text("CidrIp") ?? "", null, null, range.Text("Description"), call.Now));
            foreach (var range in permission.List("Ipv6Ranges"))
                rules.Add(Make(protocol, from, to, null, range.Text("CidrIpv6") ?? "", null, range.Text("Description"), call.Now));
            foreach (var pair in permission.List("UserIdGroupPairs"))
            {
                var source = pair.Text("GroupId") is { } id ? call.Group(id) : call.GroupByName(pair.Text("GroupName") ?? throw ApiException.Missing("GroupId"));
                rules.Add(Make(protocol, from, to, null, null, source.Id, pair.Text("Description"), call.Now));
            }

            if (rules.Count == before)
                throw new ApiException("InvalidParameterValue", "The permission has no source: give IpRanges, Ipv6Ranges or UserIdGroupPairs.");
        }

        return rules.Count > 0 ? rules : throw ApiException.Missing("ipPermissions");
    }

    public static string Describe(GroupRule rule)
        => $"peer: {rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.SourceGroupId}, {(rule.Protocol == "-1" ? "ALL" : $"{rule.Protocol.ToUpperInvariant()}, from port: {rule.FromPort}, to port: {rule.ToPort}")}, ALLOW";

    /// <summary>A group's rules as IpPermissions: one for each protocol and port range.</summary>
    public static List<Fields> Permissions(Call call, SecurityGroup group)
        => [.. group.Rules.GroupBy(rule => (rule.Protocol, rule.FromPort, rule.ToPort)).Select(rules => new Fields
        {
            ["IpProtocol"] = rules.Key.Protocol,
            ["FromPort"] = rules.Key.FromPort,
            ["ToPort"] = rules.Key.ToPort,
            ["UserIdGroupPairs"] = rules.Where(rule => rule.SourceGroupId is not null).Select(rule => new Fields
            {
                ["UserId"] = call.AccountId, ["GroupId"] = rule.SourceGroupId, ["Description"] = rule.Description,
            }).ToList(),
            ["IpRanges"] = rules.Where(rule => rule.CidrIpv4 is not null).Select(rule => new Fields
            {
                ["CidrIp"] = rule.CidrIpv4, ["Description"] = rule.Description,
            }).ToList(),
            ["Ipv6Ranges"] = rules.Where(rule => rule.CidrIpv6 is not null).Select(rule => new Fields
            {
                ["CidrIpv6"] = rule.CidrIpv6, ["Description"] = rule.Description,
            }).ToList(),
            ["PrefixListIds"] = Array.Empty<Fields>(),
        })];

    public static Fields Rule(Call call, SecurityGroup group, GroupRule rule) => new()
    {
        ["SecurityGroupRuleId"] = rule.Id,
        ["GroupId"] = group.Id,
        ["GroupOwnerId"] = call.AccountId,
        ["IsEgress"] = false,
        ["IpProtocol"] = rule.Protocol,
        ["FromPort"] = rule.FromPort ?? -1,
        ["ToPort"] = rule.ToPort ?? -1,
        ["CidrIpv4"] = rule.CidrIpv4,
        ["CidrIpv6"] = rule.CidrIpv6,
        ["ReferencedGroupInfo"] = rule.SourceGroupId is null ? null : new Fields { ["GroupId"] = rule.SourceGroupId, ["UserId"] = call.AccountId },
        ["Description"] = rule.Description,
        ["Tags"] = TagRules.List(rule),
        ["SecurityGroupRuleArn"] = $"arn:aws:ec2:{call.Facts.Name}:{call.AccountId}:security-group-rule/{rule.Id}",
    };

    private static GroupRule Make(
        string protocol, int? from, int? to, string? ipv4, string? ipv6, string? group, string? description, DateTimeOffset now)
    {
        protocol = protocol.ToLowerInvariant() switch
        {
            "6" => "tcp",
            "17" => "udp",
            "1" => "icmp",
            "all" => "-1",
            var word => word,
        };
        switch (protocol)
        {
            case "-1":
                (from, to) = (null, null);
                break;
            case "tcp" or "udp":
                if (from is null || to is null || from < 0 || to > 65535)
                    throw new ApiException("InvalidParameterValue", $"Invalid port range '{from}-{to}' for protocol {protocol}. Expecting 0 to 65535.");
                if (from > to)
                    throw new ApiException("InvalidParameterValue", $"Invalid port range: from port ({from}) is greater than to port ({to}).");
                break;
            case "icmp" or "icmpv6" or "58":
                break;
            default:
                throw new ApiException("InvalidParameterValue", $"Invalid value '{protocol}' for IP protocol. Unknown protocol.");
        }

        if (ipv4 is not null)
            ipv4 = Network(ipv4, AddressFamily.InterNetwork);
        if (ipv6 is not null)
            ipv6 = Network(ipv6, AddressFamily.InterNetworkV6);
        return new GroupRule
        {
            Id = Ids.New("sgr"),
            Protocol = protocol,
            FromPort = from,
            ToPort = to,
            CidrIpv4 = ipv4,
            CidrIpv6 = ipv6,
            SourceGroupId = group,
            Description = description,
            CreatedAt = now,
        };
    }

    // EC2 clears the host bits of a range, and keeps a rule without a mask out.
    private static string Network(string text, AddressFamily family)
    {
        var slash = text.IndexOf('/');
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address) || address.AddressFamily != family
            || !int.TryParse(text.AsSpan(slash + 1), out var length) || length < 0 || length > (family == AddressFamily.InterNetwork ? 32 : 128))
        {
            throw new ApiException("InvalidParameterValue", $"CIDR block {text} is malformed");
        }

        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return $"{new IPAddress(bytes)}/{length}";
    }
}
