using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Fe2Ps.Core.Tests.LongestFirst", "Fe2Ps.Core.Tests")]

namespace Fe2Ps.Core.Tests;

/// <summary>
/// Begins with the classes that take minutes: one that is begun last has the processors for itself while it waits for machines, and
/// the whole run waits for it.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        "SupervisorTests", "SupervisorHandsTests", "SupervisorVolumeTests", "RecoveryTests", "InterruptionPhaseTests", "SurroundingsTests", "ScarcityTests", "SuddenLossTests", "LargeFileTests",
        "CopyFaultTests", "LongFaultTests", "JobVolumeTests", "ComingBackTests", "RecoveryHandsTests", "SystemdTests", "NoticeTests", "AwayMonitorTests",
    ];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections.OrderBy(Rank);

    private static int Rank(ITestCollection collection)
    {
        var place = Array.FindIndex(Long, name => collection.DisplayName.Split(' ').Any(word => word.EndsWith("." + name, StringComparison.Ordinal)));
        return place < 0 ? Long.Length : place;
    }
}
