using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Views;

/// <summary>What the views and the script properties of <c>Fe2Ps.Snapshot</c> show. Nothing here asks the network.</summary>
public static class SnapshotView
{
    /// <summary>The name, or null.</summary>
    public static string? Name(Snapshot snapshot) => SnapshotFacts.NameOf(snapshot);

    /// <summary>The state as text; the SDK's constants are objects.</summary>
    public static string State(Snapshot snapshot) => SnapshotFacts.StateOf(snapshot);

    /// <summary>How much of it is copied, 0 to 100.</summary>
    public static int Percent(Snapshot snapshot) => SnapshotFacts.PercentOf(snapshot);

    /// <summary>The state, with percents while it is being taken.</summary>
    public static string StateText(Snapshot snapshot) => SnapshotFacts.StateOf(snapshot) == "pending"
        ? string.Create(CultureInfo.InvariantCulture, $"pending {Percent(snapshot)} %") : SnapshotFacts.StateOf(snapshot);

    /// <summary>Since when it is.</summary>
    public static TimeSpan? Age(Snapshot snapshot) => snapshot.StartTime is { } begun ? Ages.Since(begun) : null;

    /// <summary>An age in its two largest units.</summary>
    public static string AgeText(Snapshot snapshot) => Age(snapshot) is { } age ? Core.AgeText.Of(age) : "";

    /// <summary>What the volume had when it was taken.</summary>
    public static string SizeText(Snapshot snapshot) => string.Create(CultureInfo.InvariantCulture, $"{snapshot.VolumeSize} GiB");
}
