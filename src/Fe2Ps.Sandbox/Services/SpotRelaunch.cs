using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>
/// What a persistent spot request does as soon as there is room: an open one gets a new instance, and what an interruption has stopped
/// starts again. Sources: EC2 user guide, "Spot request states" and "Behavior of Spot Instance interruptions". A new instance has
/// what RunInstances asked for, without tags: they are the first instance's own.
/// </summary>
internal sealed class SpotRelaunch
{
    private readonly Cloud _cloud;
    private readonly OperationTable _table;
    private readonly Operation _launch;

    /// <param name="cloud">The sandbox.</param>
    /// <param name="table">Its operations.</param>
    /// <param name="launch">RunInstances, in whose name things are launched.</param>
    public SpotRelaunch(Cloud cloud, OperationTable table, Operation launch)
    {
        (_cloud, _table, _launch) = (cloud, table, launch);
        table.Spot.Waiting += Later;
        table.Spot.RoomFound += Serve;
    }

    /// <summary>After a restart of the sandbox: whoever waited goes on waiting.</summary>
    public void Resume()
    {
        foreach (var region in _cloud.State.Regions.Values)
        {
            foreach (var request in region.SpotRequests.Values.Where(request => request.Type == "persistent" && request.State is "open" or "disabled"))
                Later(region, request);
        }
    }

    private void Later(RegionState region, SpotRequest request) => _cloud.After(_cloud.Pace.Capacity, () => Serve(region, request));

    private void Serve(RegionState region, SpotRequest request)
    {
        _table.Spot.Expire(region);
        var stopped = request.State == "disabled" && request.StatusCode == SpotMarket.StoppedByInterruption
            ? region.Instances.GetValueOrDefault(request.InstanceId ?? "") : null;
        if (request.Launch is not { } input || (request.State != "open" && stopped is null))
            return;
        var call = new Call(_cloud, _launch, input, region.Name);
        try
        {
            if (stopped is null)
                _table.Launcher.Fulfil(call, LaunchPlan.Read(call, input), request);
            else if (stopped.State == InstanceState.Stopped)
                Start(call, stopped);
            else
                Later(region, request);
        }
        catch (ApiException refusal) when (refusal.Code is "InsufficientInstanceCapacity" or "SpotMaxPriceTooLow" or "InsufficientFreeAddressesInSubnet")
        {
            if (stopped is null)
            {
                (request.StatusCode, request.StatusMessage, request.UpdatedAt) =
                    (refusal.Code == "SpotMaxPriceTooLow" ? "price-too-low" : "capacity-not-available", refusal.Message, _cloud.Now);
            }

            Later(region, request);
        }
        catch (ApiException refusal)
        {
            // What it asked for is gone: the image, the group, the subnet.
            (request.State, request.StatusCode, request.StatusMessage, request.UpdatedAt) = ("closed", "bad-parameters", refusal.Message, _cloud.Now);
        }
    }

    private void Start(Call call, Instance instance)
    {
        _table.Launcher.CheckCapacity(call, instance.Type, instance.Zone, isSpot: true);
        _table.Hosts.Start(call.Region, instance);
        _table.Spot.InstanceStarted(call.Region, instance);
    }
}
