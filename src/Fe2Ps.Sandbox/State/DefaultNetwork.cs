using Fe2Ps.Sandbox.Catalogue;

namespace Fe2Ps.Sandbox.State;

/// <summary>The network that every account finds in every region: a default VPC, a subnet in each zone, a default security group.</summary>
internal static class DefaultNetwork
{
    public static RegionState Create(RegionFacts facts, DateTimeOffset now)
    {
        var vpc = new Vpc { Id = Ids.Of("vpc", facts.Name), Cidr = "172.31.0.0/16", CreatedAt = now };
        var region = new RegionState { Name = facts.Name, Vpc = vpc };
        for (var index = 0; index < facts.Zones.Count; index++)
        {
            region.Subnets.Add(new Subnet
            {
                Id = Ids.Of("subnet", facts.Zones[index].Name),
                VpcId = vpc.Id,
                Cidr = $"172.31.{index * 16}.0/20",
                Zone = facts.Zones[index].Name,
                ZoneId = facts.Zones[index].Id,
                CreatedAt = now,
            });
        }

        var group = new SecurityGroup
        {
            Id = Ids.Of("sg", facts.Name),
            Name = "default",
            Description = "default VPC security group",
            VpcId = vpc.Id,
            CreatedAt = now,
        };
        group.Rules.Add(new GroupRule { Id = Ids.Of("sgr", facts.Name), Protocol = "-1", SourceGroupId = group.Id, CreatedAt = now });
        region.Groups[group.Id] = group;
        return region;
    }
}
