namespace Fe2Ps.Core.Spot;

/// <summary>One way to get a replacement.</summary>
/// <param name="InstanceType">The type.</param>
/// <param name="Zone">The only zone, or null for all of the region's, the cheapest first.</param>
/// <param name="IsSpot">Spot or on demand.</param>
internal sealed record CapacityChoice(string InstanceType, string? Zone, bool IsSpot);

/// <summary>
/// The order in which a replacement is looked for: the same machine, other zones, other types, on demand. What there was no
/// room for is passed over for ten minutes, unless there is nothing else left.
/// </summary>
internal sealed class CapacityWalk(RecoveryFacts facts, TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly Dictionary<CapacityChoice, DateTimeOffset> _failed = [];

    /// <summary>Every way, in order.</summary>
    public IReadOnlyList<CapacityChoice> Choices { get; } = [.. Order(facts).Distinct()];

    /// <summary>The next way to try.</summary>
    public CapacityChoice Next()
    {
        var now = time.GetUtcNow();
        return Choices.FirstOrDefault(c => !_failed.TryGetValue(c, out var at) || now - at >= Memory) ?? Choices.MinBy(c => _failed[c])!;
    }

    /// <summary>Whether everything has been tried lately, so that another try waits a little.</summary>
    public bool IsExhausted => Choices.All(c => _failed.TryGetValue(c, out var at) && time.GetUtcNow() - at < Memory);

    /// <summary>Remembers that there was no room.</summary>
    public void Failed(CapacityChoice choice) => _failed[choice] = time.GetUtcNow();

    private static IEnumerable<CapacityChoice> Order(RecoveryFacts facts)
    {
        var (machine, fallback) = (facts.Machine, facts.Options.Fallback);
        string[] types = fallback.Contains(RecoveryFallback.Type) ? [machine.InstanceType, .. facts.Options.InstanceTypes] : [machine.InstanceType];
        bool[] markets = machine.IsSpot && fallback.Contains(RecoveryFallback.OnDemand) ? [true, false] : [machine.IsSpot];
        foreach (var isSpot in markets)
        {
            // Where the job's volumes are, they need not be copied.
            foreach (var type in types.Where(_ => facts.Volumes.Count > 0))
                yield return new CapacityChoice(type, facts.Volumes[0].Zone, isSpot);
            foreach (var type in types)
                yield return new CapacityChoice(type, fallback.Contains(RecoveryFallback.Zone) ? null : machine.Zone, isSpot);
        }
    }
}
