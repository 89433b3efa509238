namespace Fe2Ps.Sandbox.Faults;

/// <summary>
/// A fault that stands until it is used up or cleared. In JSON the names are those of the properties in camel case.
/// </summary>
internal sealed class Fault
{
    public string Id { get; set; } = "";

    /// <summary>One of <see cref="FaultKinds.All"/>.</summary>
    public string Kind { get; set; } = "";

    /// <summary>Which operations it strikes, with wildcards; every one by default.</summary>
    public string Operation { get; set; } = "*";

    /// <summary>How many times it strikes; without end when null.</summary>
    public int? Times { get; set; }

    /// <summary>The share of calls that it strikes, 0 to 1.</summary>
    public double? Rate { get; set; }

    /// <summary>Strikes every n-th call.</summary>
    public int? Every { get; set; }

    /// <summary>500 or 503, for <c>error</c>.</summary>
    public int? Status { get; set; }

    /// <summary>The error code to answer with, where the kind's own does not do; for <c>image-fails</c> the reason.</summary>
    public string? Code { get; set; }

    /// <summary>For <c>capacity</c>: the zone without room; all when null.</summary>
    public string? Zone { get; set; }

    /// <summary>For <c>capacity</c> and the limits: the type, with wildcards; all when null.</summary>
    public string? InstanceType { get; set; }

    /// <summary>For <c>capacity</c>: spot or on-demand; both when null.</summary>
    public string? Market { get; set; }

    /// <summary>Seconds: of delay for <c>slow</c> and <c>late-visibility</c>, of the clock for <c>imds-skew</c>, of warning for <c>interrupt</c> (120).</summary>
    public double? Seconds { get; set; }

    /// <summary>Which instances it acts on, by id or Name, with wildcards.</summary>
    public string? Instance { get; set; }

    /// <summary>For <c>interrupt</c>: terminate, stop or hibernate; what the request asked for when null.</summary>
    public string? Action { get; set; }

    /// <summary>How often it struck.</summary>
    public int Struck { get; set; }

    /// <summary>How many calls it looked at.</summary>
    public int Seen { get; set; }
}

internal static class FaultKinds
{
    /// <summary>Faults that wait for calls.</summary>
    public static IReadOnlyList<string> Standing { get; } =
    [
        "throttle", "error", "capacity", "vcpu-limit", "spot-count", "spot-price", "expired", "auth-failure", "deny", "slow", "reset",
        "lost-answer", "late-visibility", "imds-error", "imds-slow", "imds-expired", "imds-skew", "image-fails", "snapshots-stay",
    ];

    /// <summary>Faults that happen at once, to instances.</summary>
    public static IReadOnlyList<string> Immediate { get; } = ["kill", "cut", "join", "rebalance", "interrupt", "room"];

    public static IReadOnlyList<string> All { get; } = [.. Standing, .. Immediate];
}
