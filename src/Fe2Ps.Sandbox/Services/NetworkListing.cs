using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Regions, zones, VPCs and subnets.</summary>
internal static class NetworkListing
{
    private static readonly Filters<RegionFacts> s_regions = new Filters<RegionFacts>()
        .One("region-name", item => item.Name)
        .One("endpoint", item => $"ec2.{item.Name}.amazonaws.com")
        .One("opt-in-status", _ => "opt-in-not-required");

    private static readonly Filters<ZoneFacts> s_zones = new Filters<ZoneFacts>()
        .One("zone-name", item => item.Name)
        .One("zone-id", item => item.Id)
        .One("zone-type", _ => "availability-zone")
        .One("region-name", item => item.Name[..^1])
        .One("group-name", item => item.Name[..^1])
        .One("opt-in-status", _ => "opt-in-not-required")
        .One("state", _ => "available");

    private static readonly Filters<Vpc> s_vpcs = new Filters<Vpc>()
        .One("vpc-id", item => item.Id)
        .One("cidr", item => item.Cidr)
        .One("cidr-block-association.cidr-block", item => item.Cidr)
        .One("is-default", _ => true)
        .One("isDefault", _ => true)
        .One("state", _ => "available");

    private static readonly Filters<Subnet> s_subnets = new Filters<Subnet>()
        .One("subnet-id", item => item.Id)
        .One("vpc-id", item => item.VpcId)
        .One("availability-zone", item => item.Zone)
        .One("availabilityZone", item => item.Zone)
        .One("availability-zone-id", item => item.ZoneId)
        .One("cidr-block", item => item.Cidr)
        .One("default-for-az", _ => true)
        .One("defaultForAz", _ => true)
        .One("map-public-ip-on-launch", item => item.MapPublicIpOnLaunch)
        .One("state", _ => "available");

    public static void Register(OperationTable table)
    {
        table.Add("DescribeRegions", Regions);
        table.Add("DescribeAvailabilityZones", Zones);
        table.Add("DescribeVpcs", Vpcs);
        table.Add("DescribeSubnets", Subnets);
    }

    private static Fields Regions(Call call)
    {
        var names = call.Input.Strings("RegionNames");
        if (names.FirstOrDefault(name => Geography.Regions.All(region => region.Name != name)) is { } unknown)
            throw new ApiException("InvalidParameterValue", $"Invalid region ({unknown})");
        return new Fields
        {
            ["Regions"] = s_regions.Apply(Geography.Regions.Where(region => names.Count == 0 || names.Contains(region.Name)), call.Input).Select(region => new Fields
            {
                ["RegionName"] = region.Name,
                ["Endpoint"] = $"ec2.{region.Name}.amazonaws.com",
                ["OptInStatus"] = "opt-in-not-required",
            }),
        };
    }

    private static Fields Zones(Call call)
    {
        var (names, ids) = (call.Input.Strings("ZoneNames"), call.Input.Strings("ZoneIds"));
        if (names.FirstOrDefault(name => call.Facts.Zones.All(zone => zone.Name != name)) is { } unknown)
            throw new ApiException("InvalidParameterValue", $"Invalid availability zone: [{unknown}]");
        if (ids.FirstOrDefault(id => call.Facts.Zones.All(zone => zone.Id != id)) is { } unknownId)
            throw new ApiException("InvalidParameterValue", $"Invalid availability zone-id: [{unknownId}]");
        var zones = call.Facts.Zones.Where(zone => (names.Count == 0 || names.Contains(zone.Name)) && (ids.Count == 0 || ids.Contains(zone.Id)));
        return new Fields
        {
            ["AvailabilityZones"] = s_zones.Apply(zones, call.Input).Select(zone => new Fields
            {
                ["ZoneName"] = zone.Name,
                ["ZoneId"] = zone.Id,
                ["RegionName"] = call.Facts.Name,
                ["GroupName"] = call.Facts.Name,
                ["NetworkBorderGroup"] = call.Facts.Name,
                ["ZoneType"] = "availability-zone",
                ["OptInStatus"] = "opt-in-not-required",
                ["State"] = "available",
                ["Messages"] = Array.Empty<Fields>(),
            }),
        };
    }

    private static Fields Vpcs(Call call)
    {
        var ids = call.Input.Strings("VpcIds");
        if (ids.FirstOrDefault(id => id != call.Region.Vpc.Id) is { } unknown)
            throw new ApiException("InvalidVpcID.NotFound", $"The vpc ID '{unknown}' does not exist");
        var page = Pages.Cut(s_vpcs.Apply([call.Region.Vpc], call.Input), call, vpc => vpc.Id);
        return new Fields
        {
            ["Vpcs"] = page.Items.Select(vpc => new Fields
            {
                ["VpcId"] = vpc.Id,
                ["OwnerId"] = call.AccountId,
                ["State"] = "available",
                ["CidrBlock"] = vpc.Cidr,
                ["IsDefault"] = true,
                ["InstanceTenancy"] = "default",
                ["DhcpOptionsId"] = Ids.Of("dopt", call.Facts.Name),
                ["CidrBlockAssociationSet"] = new[]
                {
                    new Fields
                    {
                        ["AssociationId"] = Ids.Of("vpc-cidr-assoc", vpc.Id), ["CidrBlock"] = vpc.Cidr, ["CidrBlockState"] = new Fields { ["State"] = "associated" },
                    },
                },
                ["Tags"] = TagRules.List(vpc),
            }),
            ["NextToken"] = page.NextToken,
        };
    }

    private static Fields Subnets(Call call)
    {
        var ids = call.Input.Strings("SubnetIds");
        if (ids.FirstOrDefault(id => call.Region.Subnets.All(subnet => subnet.Id != id)) is { } unknown)
            throw new ApiException("InvalidSubnetID.NotFound", $"The subnet ID '{unknown}' does not exist");
        var subnets = call.Region.Subnets.Where(subnet => ids.Count == 0 || ids.Contains(subnet.Id));
        var page = Pages.Cut(s_subnets.Apply(subnets, call.Input), call, subnet => subnet.Id);
        return new Fields
        {
            ["Subnets"] = page.Items.Select(subnet => new Fields
            {
                ["SubnetId"] = subnet.Id,
                ["SubnetArn"] = $"arn:aws:ec2:{call.Facts.Name}:{call.AccountId}:subnet/{subnet.Id}",
                ["State"] = "available",
                ["VpcId"] = subnet.VpcId,
                ["OwnerId"] = call.AccountId,
                ["CidrBlock"] = subnet.Cidr,
                ["AvailableIpAddressCount"] = 4091 - call.Region.Instances.Values.Count(instance => instance.SubnetId == subnet.Id),
                ["AvailabilityZone"] = subnet.Zone,
                ["AvailabilityZoneId"] = subnet.ZoneId,
                ["DefaultForAz"] = true,
                ["MapPublicIpOnLaunch"] = subnet.MapPublicIpOnLaunch,
                ["AssignIpv6AddressOnCreation"] = false,
                ["Ipv6CidrBlockAssociationSet"] = Array.Empty<Fields>(),
                ["Tags"] = TagRules.List(subnet),
            }),
            ["NextToken"] = page.NextToken,
        };
    }
}
