using System.Globalization;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Spot requests, from their making to their end, and interruptions.</summary>
internal sealed class SpotMarket
{
    public const string StoppedByInterruption = "instance-stopped-no-capacity";

    private readonly Cloud _cloud;
    private readonly HostKeeper _hosts;

    public SpotMarket(Cloud cloud, HostKeeper hosts)
    {
        (_cloud, _hosts) = (cloud, hosts);
        hosts.Ended += (region, instance) => InstanceEnded(
            region, instance, "instance-terminated-by-user", "Spot Instance terminated due to user-initiated termination.");
    }

    /// <summary>A persistent request waits for room: to launch an instance, or to start the one that an interruption stopped.</summary>
    public event Action<RegionState, SpotRequest>? Waiting;

    /// <summary>There is room for such a request.</summary>
    public event Action<RegionState, SpotRequest>? RoomFound;

    /// <summary>Refuses a price that is below the market's, or any when a fault says so.</summary>
    public void CheckPrice(Call call, LaunchPlan plan, Subnet subnet)
    {
        var price = Prices.Spot(plan.Type, call.Facts, subnet.Zone, call.Now);
        var offered = plan.Spot!.MaxPrice is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : double.MaxValue;
        if (offered >= price && _cloud.Faults.Strike("spot-price", "RunInstances", subnet.Zone, plan.Type.Name) is null)
            return;
        var shown = plan.Spot.MaxPrice ?? Prices.Write(Prices.OnDemand(plan.Type, call.Facts));
        throw new ApiException(
            "SpotMaxPriceTooLow",
            $"Your Spot request price of {shown} is lower than the minimum required Spot request fulfillment price of {price.ToString("0.####", CultureInfo.InvariantCulture)}.");
    }

    public SpotRequest Open(Call call, LaunchPlan plan, Subnet subnet, string state, string code, string message)
    {
        var request = new SpotRequest
        {
            Id = Ids.New("sir").Replace("-0", "-", StringComparison.Ordinal)[..12],
            CreatedAt = call.Now,
            UpdatedAt = call.Now,
            State = state,
            StatusCode = code,
            StatusMessage = message,
            Type = plan.Spot!.Type,
            Interruption = plan.Spot.Interruption,
            Launch = plan.Spot.Type == "persistent" ? plan.Input : null,
            ValidUntil = plan.Spot.ValidUntil,
            MaxPrice = plan.Spot.MaxPrice is { } price
                ? Prices.Write(double.Parse(price, CultureInfo.InvariantCulture)) : Prices.Write(Prices.OnDemand(plan.Type, call.Facts)),
            ImageId = plan.Image.Id,
            InstanceType = plan.Type.Name,
            KeyName = plan.KeyName,
            SubnetId = plan.Subnet?.Id ?? subnet.Id,
            Zone = subnet.Zone,
            GroupIds = [.. plan.GroupIds],
            Tags = new(plan.SpotTags, StringComparer.Ordinal),
        };
        call.Region.SpotRequests[request.Id] = request;
        if (request is { State: "open", Type: "persistent" })
            Waiting?.Invoke(call.Region, request);
        return request;
    }

    /// <summary>The request of an instance that ended: a one-time request closes, a persistent one opens again.</summary>
    public void InstanceEnded(RegionState region, Instance instance, string code, string message)
    {
        if (instance.SpotRequestId is null || !region.SpotRequests.TryGetValue(instance.SpotRequestId, out var request) || request.State is "cancelled" or "closed")
            return;
        request.State = request.Type == "persistent" ? "open" : "closed";
        request.StatusCode = code;
        request.StatusMessage = message;
        request.UpdatedAt = _cloud.Now;
        if (request.Type != "persistent")
            return;
        request.InstanceId = null;
        Waiting?.Invoke(region, request);
    }

    /// <summary>The request of an instance that stopped waits, disabled.</summary>
    public void InstanceStopped(RegionState region, Instance instance, string code, string message) => Mark(region, instance, "disabled", code, message);

    /// <summary>The request of an instance that starts again is active again.</summary>
    public void InstanceStarted(RegionState region, Instance instance) => Mark(region, instance, "active", "fulfilled", "Your Spot request is fulfilled.");

    /// <summary>Ends a request; an instance that was stopped for it ends too, one that runs goes on running.</summary>
    public void Cancel(RegionState region, SpotRequest request)
    {
        var instance = request.InstanceId is { } id ? region.Instances.GetValueOrDefault(id) : null;
        var running = instance?.IsAlive == true;
        if (request.State == "disabled" && instance is { State: InstanceState.Stopped or InstanceState.Stopping })
        {
            running = false;
            _hosts.Terminate(region, instance, "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
        }

        request.State = "cancelled";
        (request.StatusCode, request.StatusMessage) = running
            ? ("request-canceled-and-instance-running", "Your Spot request is canceled, but your instance is still running.")
            : ("canceled-before-fulfillment", "Your Spot request is canceled before it was fulfilled.");
        request.UpdatedAt = _cloud.Now;
    }

    /// <summary>Open requests whose time is over are cancelled.</summary>
    public void Expire(RegionState region)
    {
        foreach (var request in region.SpotRequests.Values.Where(request => request.State == "open" && request.ValidUntil <= _cloud.Now))
        {
            (request.State, request.StatusCode, request.UpdatedAt) = ("cancelled", "schedule-expired", _cloud.Now);
            request.StatusMessage = "Your Spot request expired before it was fulfilled.";
        }
    }

    /// <summary>Announces an interruption and carries it out when its time comes.</summary>
    /// <param name="wanted">From the notice to the interruption; null is EC2's two minutes, and the moment that it takes to begin a hibernation.</param>
    public void Interrupt(RegionState region, Instance instance, TimeSpan? wanted, string? action)
    {
        var request = instance.SpotRequestId is { } id ? region.SpotRequests.GetValueOrDefault(id) : null;
        var what = action ?? request?.Interruption ?? "terminate";
        var lead = wanted ?? TimeSpan.FromSeconds(what == "hibernate" ? 5 : 120);
        var time = _cloud.Now + lead;
        instance.Notice = new InterruptionNotice(what, time);
        if (request is not null)
        {
            request.StatusCode = $"marked-for-{(what == "terminate" ? "termination" : "stop")}";
            request.StatusMessage = $"The Spot Instance will be {(what == "terminate" ? "terminated" : "stopped")}.";
            request.UpdatedAt = _cloud.Now;
        }

        _cloud.After(lead, () => CarryOut(region, instance, time));
    }

    /// <summary>There is room again: requests that wait for an instance, or with one that an interruption stopped, are served at once.</summary>
    public void Room(RegionState region, Instance instance)
    {
        if (instance.SpotRequestId is { } id && region.SpotRequests.GetValueOrDefault(id) is { Type: "persistent", State: "disabled" or "open" } request)
            RoomFound?.Invoke(region, request);
    }

    public void Rebalance(Instance instance) => instance.RebalanceAt = _cloud.Now;

    /// <summary>After a restart of the sandbox: notices that stand are carried out at their time.</summary>
    public void Resume(RegionState region, Instance instance)
    {
        if (instance.Notice is { } notice)
            _cloud.After(notice.Time > _cloud.Now ? notice.Time - _cloud.Now : TimeSpan.Zero, () => CarryOut(region, instance, notice.Time));
    }

    private void Mark(RegionState region, Instance instance, string state, string code, string message)
    {
        if (instance.SpotRequestId is { } id && region.SpotRequests.TryGetValue(id, out var request) && request.State is "active" or "disabled")
            (request.State, request.StatusCode, request.StatusMessage, request.UpdatedAt) = (state, code, message, _cloud.Now);
    }

    private void CarryOut(RegionState region, Instance instance, DateTimeOffset time)
    {
        if (instance.Notice is not { } notice || notice.Time != time || instance.State != InstanceState.Running)
            return;
        instance.Notice = null;
        if (notice.Action == "terminate")
        {
            instance.TransitionReason = $"Server.SpotInstanceTermination ({HostKeeper.Gmt(_cloud.Now)})";
            _hosts.Terminate(region, instance, "Server.SpotInstanceTermination", "Server.SpotInstanceTermination: Spot instance termination");
            InstanceEnded(region, instance, "instance-terminated-no-capacity", "Your Spot Instance was terminated because there is no Spot capacity available.");
            return;
        }

        instance.TransitionReason = $"Server.SpotInstanceShutdown ({HostKeeper.Gmt(_cloud.Now)})";
        const string Reason = "Server.SpotInstanceShutdown";
        if (notice.Action == "hibernate" && instance.Hibernates)
            _hosts.Hibernate(instance, Reason, $"{Reason}: Spot instance shutdown");
        else
            _hosts.Stop(region, instance, false, Reason, $"{Reason}: Spot instance shutdown");
        InstanceStopped(region, instance, StoppedByInterruption, "Your Spot Instance was stopped because there is no Spot capacity available.");
        if (instance.SpotRequestId is { } id && region.SpotRequests.GetValueOrDefault(id) is { Type: "persistent", State: "disabled" } request)
            Waiting?.Invoke(region, request);
    }
}
