using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Elastic IP addresses: AllocateAddress, ReleaseAddress, DescribeAddresses. They are of a documentation range and lead nowhere.</summary>
internal static class ElasticAddresses
{
    /// <summary>How many a region gives an account that has not asked for more (EC2 user guide, "Elastic IP address quota").</summary>
    private const int Most = 5;

    private static readonly Filters<Address> s_filters = new Filters<Address>()
        .One("allocation-id", item => item.Id)
        .One("public-ip", item => item.PublicIp)
        .One("domain", _ => "vpc")
        .One("association-id", _ => null)
        .One("instance-id", _ => null)
        .One("network-interface-id", _ => null)
        .One("private-ip-address", _ => null);

    public static void Register(OperationTable table)
    {
        table.Add("AllocateAddress", Allocate);
        table.Add("ReleaseAddress", Release);
        table.Add("DescribeAddresses", Describe);
    }

    private static Fields Allocate(Call call)
    {
        if (call.Input.Text("Domain") is "standard")
            throw new ApiException("UnsupportedOperation", "The account has no EC2-Classic; addresses are of the domain 'vpc'.");
        foreach (var name in new[] { "Address", "PublicIpv4Pool", "CustomerOwnedIpv4Pool", "IpamPoolId" })
        {
            if (call.Input.Text(name) is { } wanted)
                throw ApiException.BadValue(wanted, name, "The account has no such address or pool.");
        }

        if (call.Region.Addresses.Count >= Most)
            throw new ApiException("AddressLimitExceeded", "The maximum number of addresses has been reached.");
        var taken = call.Cloud.State.Regions.Values.SelectMany(region => region.Addresses.Values).Select(held => held.PublicIp).ToHashSet(StringComparer.Ordinal);
        var free = Enumerable.Range(1, 254).Select(last => $"203.0.113.{last}").FirstOrDefault(candidate => !taken.Contains(candidate))
            ?? throw new ApiException("InsufficientAddressCapacity", "There are not enough addresses to satisfy the request.");
        var address = new Address { Id = Ids.New("eipalloc"), PublicIp = free, CreatedAt = call.Now, Tags = TagRules.For(call.Input, "elastic-ip") };
        call.Region.Addresses[address.Id] = address;
        return new Fields
        {
            ["AllocationId"] = address.Id,
            ["PublicIp"] = address.PublicIp,
            ["Domain"] = "vpc",
            ["PublicIpv4Pool"] = "amazon",
            ["NetworkBorderGroup"] = call.Facts.Name,
        };
    }

    private static Fields? Release(Call call)
    {
        if (call.Input.Text("AllocationId") is not { } id)
        {
            throw call.Input.Has("PublicIp")
                ? new ApiException("InvalidParameterValue", "You must specify an allocation id when releasing a VPC elastic IP address")
                : ApiException.Missing("allocationId");
        }

        call.Region.Addresses.Remove(Find(call, id).Id);
        return null;
    }

    private static Fields Describe(Call call)
    {
        var (ids, addresses) = (call.Input.Strings("AllocationIds"), call.Input.Strings("PublicIps"));
        var named = ids.Select(id => Find(call, id)).Concat(addresses.Select(address =>
            call.Region.Addresses.Values.FirstOrDefault(held => held.PublicIp == address)
            ?? throw new ApiException("InvalidAddress.NotFound", $"Address '{address}' not found."))).Distinct().ToList();
        var all = ids.Count + addresses.Count > 0 ? named : (IEnumerable<Address>)call.Region.Addresses.Values;
        return new Fields
        {
            ["Addresses"] = s_filters.Apply(all, call.Input).Select(address => new Fields
            {
                ["PublicIp"] = address.PublicIp,
                ["AllocationId"] = address.Id,
                ["Domain"] = "vpc",
                ["PublicIpv4Pool"] = "amazon",
                ["NetworkBorderGroup"] = call.Facts.Name,
                ["Tags"] = TagRules.List(address),
            }),
        };
    }

    private static Address Find(Call call, string id)
        => call.Region.Addresses.GetValueOrDefault(id)
            ?? throw new ApiException("InvalidAllocationID.NotFound", $"The allocation ID '{id}' does not exist");
}
