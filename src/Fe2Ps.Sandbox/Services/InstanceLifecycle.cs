using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>RunInstances, and Start-, Stop-, Reboot- and TerminateInstances.</summary>
internal static class InstanceLifecycle
{
    public static void Register(OperationTable table)
    {
        table.Add("RunInstances", call => Run(call, table.Launcher));
        table.Add("StartInstances", call => Start(call, table));
        table.Add("StopInstances", call => Stop(call, table));
        table.Add("RebootInstances", call => Reboot(call, table));
        table.Add("TerminateInstances", call => Terminate(call, table));
    }

    private static Fields Run(Call call, Launcher launcher)
    {
        var token = call.Input.Text("ClientToken");
        IReadOnlyList<Instance> instances;
        if (call.Replay(token) is { } ids)
        {
            instances = [.. ids.Select(id => call.Region.Instances.GetValueOrDefault(id)).OfType<Instance>()];
            if (instances.Count == 0)
                throw new ApiException("IdempotentInstanceTerminated", "The instances that this client token launched are terminated and gone.");
        }
        else
        {
            instances = launcher.Launch(call, LaunchTemplates.Plan(call));
            call.Remember(token, instances.Select(instance => instance.Id));
        }

        return new InstanceView(call).Reservation(instances);
    }

    private static Fields Start(Call call, OperationTable table)
    {
        var instances = call.Instances(call.Input.Strings("InstanceIds"));
        foreach (var instance in instances)
        {
            if (instance.State is not (InstanceState.Stopped or InstanceState.Running or InstanceState.Pending))
                throw WrongState(instance, "started");
            if (instance.IsSpot && call.Region.SpotRequests.GetValueOrDefault(instance.SpotRequestId!) is { Type: "one-time" })
                throw new ApiException("IncorrectSpotRequestState", $"The Spot request of the instance '{instance.Id}' does not allow it to be started.");
        }

        foreach (var instance in instances.Where(instance => instance.State == InstanceState.Stopped))
            table.Launcher.CheckCapacity(call, instance.Type, instance.Zone, instance.IsSpot);
        return new Fields
        {
            ["StartingInstances"] = instances.Select(instance =>
            {
                var previous = instance.State;
                if (previous == InstanceState.Stopped)
                {
                    table.Hosts.Start(call.Region, instance);
                    table.Spot.InstanceStarted(call.Region, instance);
                }

                return InstanceView.Change(instance, previous);
            }).ToList(),
        };
    }

    private static Fields Stop(Call call, OperationTable table)
    {
        var instances = call.Instances(call.Input.Strings("InstanceIds"));
        foreach (var instance in instances)
        {
            if (!instance.IsAlive || instance.State == InstanceState.Pending)
                throw WrongState(instance, "stopped");
            if (instance.DisableApiStop)
                throw new ApiException("OperationNotPermitted", $"The instance '{instance.Id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.");
            if (instance.IsSpot && call.Region.SpotRequests.GetValueOrDefault(instance.SpotRequestId!) is { Type: "one-time" })
            {
                throw new ApiException(
                    "UnsupportedOperation",
                    $"You can't stop the Spot Instance '{instance.Id}' because it is associated with a one-time Spot Instance request. You can only stop "
                    + "Spot Instances associated with persistent Spot Instance requests.");
            }
        }

        return new Fields
        {
            ["StoppingInstances"] = instances.Select(instance =>
            {
                var previous = instance.State;
                if (previous == InstanceState.Running)
                {
                    instance.TransitionReason = $"User initiated ({HostKeeper.Gmt(call.Now)})";
                    table.Hosts.Stop(call.Region, instance, call.Input.Is("Force"), "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
                    table.Spot.InstanceStopped(call.Region, instance, "instance-stopped-by-user", "Your Spot Instance was stopped by you.");
                }

                return InstanceView.Change(instance, previous);
            }).ToList(),
        };
    }

    private static Fields? Reboot(Call call, OperationTable table)
    {
        var instances = call.Instances(call.Input.Strings("InstanceIds"));
        foreach (var instance in instances)
        {
            if (instance.State != InstanceState.Running)
                throw WrongState(instance, "rebooted");
        }

        foreach (var instance in instances)
            table.Hosts.Reboot(instance);
        return null;
    }

    private static Fields Terminate(Call call, OperationTable table)
    {
        var instances = call.Instances(call.Input.Strings("InstanceIds"));
        foreach (var instance in instances)
        {
            if (instance.DisableApiTermination && instance.IsAlive)
            {
                throw new ApiException(
                    "OperationNotPermitted",
                    $"The instance '{instance.Id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.");
            }
        }

        return new Fields
        {
            ["TerminatingInstances"] = instances.Select(instance =>
            {
                var previous = instance.State;
                if (instance.IsAlive)
                {
                    instance.TransitionReason = $"User initiated ({HostKeeper.Gmt(call.Now)})";
                    table.Hosts.Terminate(call.Region, instance, "Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown");
                    table.Spot.InstanceEnded(call.Region, instance, "instance-terminated-by-user", "Spot Instance terminated due to user-initiated termination.");
                }

                return InstanceView.Change(instance, previous);
            }).ToList(),
        };
    }

    private static ApiException WrongState(Instance instance, string verb)
        => new("IncorrectInstanceState", $"The instance '{instance.Id}' is not in a state from which it can be {verb}.");
}
