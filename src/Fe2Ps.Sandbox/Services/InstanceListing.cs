using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>DescribeInstances, DescribeInstanceStatus, GetConsoleOutput.</summary>
internal static class InstanceListing
{
    private static readonly Filters<Instance> s_filters = new Filters<Instance>()
        .One("instance-id", item => item.Id)
        .One("reservation-id", item => item.ReservationId)
        .One("instance-state-name", item => item.State.Name())
        .One("instance-state-code", item => (int)item.State)
        .One("instance-type", item => item.Type)
        .One("image-id", item => item.ImageId)
        .One("key-name", item => item.KeyName)
        .One("architecture", item => item.Architecture)
        .One("availability-zone", item => item.Zone)
        .One("subnet-id", item => item.SubnetId)
        .One("network-interface.subnet-id", item => item.SubnetId)
        .One("vpc-id", item => item.VpcId)
        .One("private-ip-address", item => item.PrivateIp)
        .One("network-interface.addresses.private-ip-address", item => item.PrivateIp)
        .One("private-dns-name", item => InstanceView.PrivateDns(item))
        .One("ip-address", item => item.PublicIp)
        .One("network-interface.addresses.association.public-ip", item => item.PublicIp)
        .One("dns-name", item => InstanceView.PublicDns(item))
        .Many("instance.group-id", item => item.GroupIds)
        .Many("network-interface.group-id", item => item.GroupIds)
        .Many("group-id", item => item.GroupIds)
        .One("instance-lifecycle", item => item.IsSpot ? "spot" : null)
        .One("spot-instance-request-id", item => item.SpotRequestId)
        .One("client-token", item => item.ClientToken)
        .One("launch-time", item => item.LaunchTime)
        .One("launch-index", item => item.LaunchIndex)
        .One("root-device-name", item => item.RootDevice)
        .One("root-device-type", _ => "ebs")
        .One("virtualization-type", _ => "hvm")
        .One("hypervisor", _ => "xen")
        .One("tenancy", _ => "default")
        .One("monitoring-state", item => item.Monitoring ? "enabled" : "disabled")
        .One("state-reason-code", item => item.ReasonCode)
        .One("metadata-options.http-tokens", item => item.HttpTokens)
        .One("metadata-options.http-endpoint", item => item.HttpEndpoint)
        .One("platform-details", item => item.PlatformDetails)
        .One("iam-instance-profile.arn", item => item.ProfileArn)
        .Many("block-device-mapping.volume-id", item => item.VolumeIds);

    private static readonly Filters<Instance> s_statusFilters = new Filters<Instance>(_ => new Dictionary<string, string>())
        .One("availability-zone", item => item.Zone)
        .One("instance-state-name", item => item.State.Name())
        .One("instance-state-code", item => (int)item.State)
        .One("instance-status.status", item => Status(item))
        .One("instance-status.reachability", item => item.State != InstanceState.Running ? null : item.ChecksPassed ? "passed" : "initializing")
        .One("system-status.status", item => Status(item))
        .One("system-status.reachability", item => item.State != InstanceState.Running ? null : item.ChecksPassed ? "passed" : "initializing");

    public static void Register(OperationTable table)
    {
        table.Add("DescribeInstances", Describe);
        table.Add("DescribeInstanceStatus", DescribeStatus);
        table.Add("GetConsoleOutput", ConsoleOutput);
    }

    private static Fields Describe(Call call)
    {
        var ids = call.Input.Strings("InstanceIds");
        if (ids.Count > 0 && call.Input.Has("MaxResults"))
            throw new ApiException("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults");
        IEnumerable<Instance> items = ids.Count > 0 ? call.Instances(ids) : call.Region.Instances.Values.Where(item => item.VisibleAt <= call.Now);
        var page = Pages.Cut(s_filters.Apply(items, call.Input), call, item => item.Id, usual: ids.Count > 0 ? 10_000 : 1000);
        return new Fields
        {
            ["Reservations"] = Reservations(call, page.Items),
            ["NextToken"] = page.NextToken,
        };
    }

    // One reservation at a time, made while it is written.
    private static IEnumerable<Fields> Reservations(Call call, IReadOnlyList<Instance> items)
    {
        var view = new InstanceView(call);
        for (var start = 0; start < items.Count;)
        {
            var end = start + 1;
            while (end < items.Count && items[end].ReservationId == items[start].ReservationId)
                end++;
            yield return view.Reservation(items.Skip(start).Take(end - start));
            start = end;
        }
    }

    private static Fields DescribeStatus(Call call)
    {
        var ids = call.Input.Strings("InstanceIds");
        var items = ids.Count > 0 ? call.Instances(ids) : call.Region.Instances.Values.Where(item => item.VisibleAt <= call.Now);
        if (!call.Input.Is("IncludeAllInstances"))
            items = items.Where(item => item.State == InstanceState.Running);
        var page = Pages.Cut(s_statusFilters.Apply(items, call.Input), call, item => item.Id, usual: 1000);
        return new Fields
        {
            ["InstanceStatuses"] = page.Items.Select(item => new Fields
            {
                ["InstanceId"] = item.Id,
                ["AvailabilityZone"] = item.Zone,
                ["InstanceState"] = InstanceView.State(item.State),
                ["InstanceStatus"] = Summary(item),
                ["SystemStatus"] = Summary(item),
                ["AttachedEbsStatus"] = Summary(item),
            }),
            ["NextToken"] = page.NextToken,
        };
    }

    private static Fields Summary(Instance item)
    {
        var status = Status(item);
        return new Fields
        {
            ["Status"] = status,
            ["Details"] = item.State != InstanceState.Running ? null : new List<Fields>
            {
                new() { ["Name"] = "reachability", ["Status"] = status == "ok" ? "passed" : "initializing" },
            },
        };
    }

    private static string Status(Instance item) => item.State switch
    {
        InstanceState.Running => item.ChecksPassed ? "ok" : "initializing",
        _ => "not-applicable",
    };

    private static Fields ConsoleOutput(Call call)
    {
        var instance = call.Instance(call.Input.Text("InstanceId")!);
        var text = instance.HasHost ? call.Cloud.Fabric.ConsoleOutput(instance.Id) : "";
        return new Fields
        {
            ["InstanceId"] = instance.Id,
            ["Timestamp"] = call.Now,
            ["Output"] = text.Length == 0 ? null : Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)),
        };
    }
}
