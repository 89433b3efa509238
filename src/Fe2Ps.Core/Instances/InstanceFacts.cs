using Amazon.EC2;
using Amazon.EC2.Model;

namespace Fe2Ps.Core.Instances;

/// <summary>What people ask about an instance, read from what EC2 says.</summary>
public static class InstanceFacts
{
    /// <summary>The name, or null for an instance without one.</summary>
    public static string? NameOf(Instance instance) => TagOf(instance, TagNames.Name) is { Length: > 0 } name ? name : null;

    /// <summary>A tag's value, or null.</summary>
    public static string? TagOf(Instance instance, string key) => instance.Tags?.FirstOrDefault(t => t.Key == key)?.Value;

    /// <summary>The state's name: <c>pending</c>, <c>running</c>, <c>stopping</c>, <c>stopped</c>, <c>shutting-down</c>, <c>terminated</c>.</summary>
    public static string StateOf(Instance instance) => instance.State?.Name?.Value ?? "unknown";

    /// <summary>True for a spot instance.</summary>
    public static bool IsSpot(Instance instance) => instance.InstanceLifecycle == InstanceLifecycleType.Spot;

    /// <summary>True where the instance is gone or going for good.</summary>
    public static bool IsEnding(Instance instance) => StateOf(instance) is "shutting-down" or "terminated";

    /// <summary>
    /// True for one that is starting, and for a spot instance that EC2 has stopped or hibernated to get the room: it starts that again by
    /// itself. Source: StateReason in the EC2 API reference (<c>Server.SpotInstanceShutdown</c>).
    /// </summary>
    public static bool ComesBack(Instance instance) =>
        StateOf(instance) switch
        {
            "pending" => true,
            "stopping" or "stopped" => IsSpot(instance) && instance.StateReason?.Code == "Server.SpotInstanceShutdown",
            _ => false,
        };

    /// <summary>The address to reach it at: public, else IPv6, else private; null where it has none.</summary>
    public static string? AddressOf(Instance instance) =>
        FirstOf(instance.PublicIpAddress, instance.Ipv6Address, instance.PrivateIpAddress);

    /// <summary>The public address, or null.</summary>
    public static string? PublicAddressOf(Instance instance) => FirstOf(instance.PublicIpAddress, instance.Ipv6Address);

    /// <summary><c>spot2 (i-0123)</c>, or the id alone.</summary>
    public static string Label(Instance instance) => NameOf(instance) is { } name ? $"{name} ({instance.InstanceId})" : instance.InstanceId;

    /// <summary>Why EC2 changed the state, for example <c>Server.InsufficientInstanceCapacity: ...</c>; null where it does not say.</summary>
    public static string? ReasonOf(Instance instance) =>
        FirstOf(
            instance.StateReason?.Code is { Length: > 0 } code && instance.StateReason.Message is { } message && !message.StartsWith(code, StringComparison.Ordinal)
                ? $"{code}: {message}" : instance.StateReason?.Message,
            instance.StateTransitionReason);

    private static string? FirstOf(params string?[] values) => values.FirstOrDefault(v => !string.IsNullOrEmpty(v));
}
