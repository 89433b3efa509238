using System.Net;
using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Security group rules as the fabric enforces them: a source group becomes the addresses of its instances.</summary>
internal static class IngressView
{
    public static IReadOnlyList<IngressRule> Rules(RegionState region, Instance instance)
    {
        var rules = new List<IngressRule>();
        foreach (var rule in instance.GroupIds.Select(id => region.Groups.GetValueOrDefault(id)).OfType<SecurityGroup>().SelectMany(group => group.Rules))
        {
            foreach (var source in Sources(region, rule))
                rules.Add(new IngressRule(rule.Protocol, rule.FromPort ?? 0, rule.ToPort ?? 65535, source));
        }

        return [.. rules.Distinct()];
    }

    private static IEnumerable<IPNetwork> Sources(RegionState region, GroupRule rule)
    {
        if (rule.SourceGroupId is null)
            return IPNetwork.TryParse(rule.CidrIpv4 ?? rule.CidrIpv6, out var network) ? [network] : [];
        return region.Instances.Values
            .Where(other => other.IsAlive && other.PrivateIp is not null && other.GroupIds.Contains(rule.SourceGroupId))
            .Select(other => new IPNetwork(IPAddress.Parse(other.PrivateIp!), 32));
    }
}
