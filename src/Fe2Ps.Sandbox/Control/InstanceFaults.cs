using Fe2Ps.Sandbox.Faults;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Control;

/// <summary>Faults that strike instances at once.</summary>
internal static class InstanceFaults
{
    /// <summary>Strikes every running instance (for <c>room</c> every stopped one) whose id or Name fits; returns their ids.</summary>
    public static async Task<IReadOnlyList<string>> StrikeAsync(Cloud cloud, OperationTable table, Fault fault, CancellationToken cancellationToken)
    {
        var pattern = fault.Instance ?? throw new ArgumentException($"The fault '{fault.Kind}' needs an instance: its id or Name, wildcards allowed.");
        List<(RegionState Region, Instance Instance)> struck;
        lock (cloud.Gate)
        {
            struck = [.. cloud.State.Regions.Values.SelectMany(region => region.Instances.Values.Select(instance => (region, instance)))
                .Where(pair => pair.instance.State == (fault.Kind == "room" ? InstanceState.Stopped : InstanceState.Running) && Fits(pattern, pair.instance))];
            foreach (var (region, instance) in struck)
            {
                if (fault.Kind == "rebalance")
                    table.Spot.Rebalance(instance);
                if (fault.Kind == "interrupt")
                    table.Spot.Interrupt(region, instance, fault.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null, fault.Action);
                if (fault.Kind == "room")
                    table.Spot.Room(region, instance);
            }

            cloud.Changed();
        }

        if (struck.Count == 0)
            throw new ArgumentException($"No {(fault.Kind == "room" ? "stopped" : "running")} instance has the id or Name '{pattern}'.");
        foreach (var (_, instance) in struck)
        {
            if (fault.Kind == "kill")
                await cloud.Fabric.KillAsync(instance.Id, cancellationToken).ConfigureAwait(false);
            if (fault.Kind is "cut" or "join")
                await cloud.Fabric.SetNetworkAsync(instance.Id, fault.Kind == "join", cancellationToken).ConfigureAwait(false);
        }

        return [.. struck.Select(pair => pair.Instance.Id)];
    }

    private static bool Fits(string pattern, Instance instance)
        => instance.Id == pattern || (instance.Tags.TryGetValue("Name", out var name) && Wildcard.IsMatch(pattern, name));
}
