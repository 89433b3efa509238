using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>CreateFleet of the type instant: one call, many pools, instances and errors in the answer.</summary>
internal static class Fleets
{
    public static void Register(OperationTable table) => table.Add("CreateFleet", call => Create(call, table));

    private static Fields Create(Call call, OperationTable table)
    {
        var input = call.Input;
        if (input.Text("Type") is not "instant")
            throw new ApiException("Unsupported", "The sandbox has fleets of the type 'instant' only.");
        var target = input.Struct("TargetCapacitySpecification")!;
        var total = target.Int("TotalTargetCapacity")!.Value;
        var isSpot = (target.Text("DefaultTargetCapacityType") ?? "on-demand") == "spot";
        var spots = target.Int("SpotTargetCapacity") ?? (isSpot ? total - (target.Int("OnDemandTargetCapacity") ?? 0) : 0);
        var fleet = $"fleet-{Guid.NewGuid()}";
        if (call.Replay(input.Text("ClientToken")) is { } before)
            return Replayed(call, before);
        var pools = input.List("LaunchTemplateConfigs").SelectMany(config => Pools(call, config)).ToList();
        var (instances, errors) = (new List<Fields>(), new List<Fields>());
        var made = new List<string>();
        foreach (var (spot, wanted) in new[] { (true, spots), (false, total - spots) })
        {
            if (wanted > 0)
                Fill(call, table, input, Ordered(call, pools, spot, input), spot, wanted, instances, errors, made, fleet);
        }

        call.Remember(input.Text("ClientToken"), [fleet, .. made]);
        return new Fields { ["FleetId"] = fleet, ["Errors"] = errors, ["Instances"] = instances };
    }

    private static Fields Replayed(Call call, IReadOnlyList<string> ids) => new()
    {
        ["FleetId"] = ids[0],
        ["Errors"] = Array.Empty<Fields>(),
        ["Instances"] = ids.Skip(1).Select(id => call.Region.Instances.GetValueOrDefault(id)).OfType<Instance>()
            .GroupBy(instance => (instance.Type, instance.IsSpot)).Select(group => new Fields
            {
                ["Lifecycle"] = group.Key.IsSpot ? "spot" : "on-demand",
                ["InstanceIds"] = group.Select(instance => instance.Id).ToList(),
                ["InstanceType"] = group.Key.Type,
            }).ToList(),
    };

    private static IEnumerable<Pool> Pools(Call call, Fields config)
    {
        var specification = config.Struct("LaunchTemplateSpecification") ?? throw ApiException.Missing("LaunchTemplateConfigs.1.LaunchTemplateSpecification");
        var template = LaunchTemplates.Of(call, specification);
        var overrides = config.List("Overrides");
        return overrides.Count == 0 ? [new Pool(template, [])] : overrides.Select(item => new Pool(template, item));
    }

    // Cheapest first for spot unless the caller set priorities; on demand in the caller's order.
    private static IEnumerable<Pool> Ordered(Call call, List<Pool> pools, bool spot, Fields input)
    {
        var strategy = input.Struct("SpotOptions")?.Text("AllocationStrategy") ?? "price-capacity-optimized";
        if (!spot || strategy == "capacity-optimized-prioritized")
            return pools.OrderBy(pool => pool.Overrides["Priority"] is double priority ? priority : double.MaxValue);
        return pools.OrderBy(pool => InstanceTypes.Find(pool.TypeName) is { } type
            ? call.Facts.Zones.Where(zone => pool.Zone(call) is not { } only || zone.Name == only).Min(zone => Prices.Spot(type, call.Facts, zone.Name, call.Now))
            : double.MaxValue);
    }

    private static void Fill(
        Call call, OperationTable table, Fields input, IEnumerable<Pool> pools, bool spot, int wanted, List<Fields> instances, List<Fields> errors, List<string> made, string fleet)
    {
        foreach (var pool in pools)
        {
            var weight = pool.Overrides["WeightedCapacity"] is double capacity ? Math.Max(1, (int)capacity) : 1;
            var count = (wanted + weight - 1) / weight;
            if (count <= 0)
                return;
            try
            {
                var launched = table.Launcher.Launch(call, pool.Plan(call, input, spot, count, fleet));
                wanted -= launched.Count * weight;
                made.AddRange(launched.Select(instance => instance.Id));
                instances.Add(new Fields
                {
                    ["LaunchTemplateAndOverrides"] = pool.View(launched[0]),
                    ["Lifecycle"] = spot ? "spot" : "on-demand",
                    ["InstanceIds"] = launched.Select(instance => instance.Id).ToList(),
                    ["InstanceType"] = pool.TypeName,
                });
            }
            catch (ApiException error)
            {
                errors.Add(new Fields
                {
                    ["LaunchTemplateAndOverrides"] = pool.View(null),
                    ["Lifecycle"] = spot ? "spot" : "on-demand",
                    ["ErrorCode"] = error.Code,
                    ["ErrorMessage"] = error.Message,
                });
            }
        }
    }

    private sealed record Pool(LaunchTemplate Template, Fields Overrides)
    {
        public string TypeName => Overrides.Text("InstanceType") ?? Template.Data.Text("InstanceType") ?? "t2.micro";

        public string? Zone(Call call)
            => Overrides.Text("AvailabilityZone") ?? call.Region.Subnets.FirstOrDefault(subnet => subnet.Id == Overrides.Text("SubnetId"))?.Zone;

        public LaunchPlan Plan(Call call, Fields input, bool spot, int count, string fleet)
        {
            var request = new Fields { ["MinCount"] = 1, ["MaxCount"] = count, ["InstanceType"] = TypeName, ["ImageId"] = Overrides.Text("ImageId") };

            // A network interface of the template stays, in the subnet of the override.
            if (Template.Data.List("NetworkInterfaces") is [var first, ..] && Overrides.Text("SubnetId") is { } place)
                request["NetworkInterfaces"] = new[] { new Fields { ["SubnetId"] = place }.FilledBy(first) };
            else
                request["SubnetId"] = Overrides.Text("SubnetId");
            request["Placement"] = Overrides.Text("AvailabilityZone") is { } zone ? new Fields { ["AvailabilityZone"] = zone } : null;
            var own = input.List("TagSpecifications").Where(specification => specification.Text("ResourceType") != "fleet").ToList();
            request["TagSpecifications"] = own.Count > 0 ? own : null;
            var options = input.Struct("SpotOptions");
            var plan = LaunchPlan.Read(call, LaunchTemplates.Filled(request, Template, "InstanceMarketOptions")) with
            {
                Spot = spot ? new SpotPlan(Overrides.Text("MaxPrice"), "one-time", options?.Text("InstanceInterruptionBehavior") ?? "terminate", null) : null,
            };
            plan.InstanceTags["aws:ec2:fleet-id"] = fleet;
            return plan;
        }

        public Fields View(Instance? instance) => new()
        {
            ["LaunchTemplateSpecification"] = new Fields { ["LaunchTemplateId"] = Template.Id, ["Version"] = "1" },
            ["Overrides"] = new Fields
            {
                ["InstanceType"] = TypeName,
                ["SubnetId"] = instance?.SubnetId ?? Overrides.Text("SubnetId"),
                ["AvailabilityZone"] = instance?.Zone ?? Overrides.Text("AvailabilityZone"),
            },
        };
    }
}
