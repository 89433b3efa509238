using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Storage;

/// <summary>What people ask about a snapshot, read from what EC2 says.</summary>
public static class SnapshotFacts
{
    /// <summary>The name, or null for a snapshot without one.</summary>
    public static string? NameOf(Snapshot snapshot) => snapshot.Tags?.FirstOrDefault(t => t.Key == TagNames.Name)?.Value is { Length: > 0 } name ? name : null;

    /// <summary>The state's name: <c>pending</c>, <c>completed</c>, <c>error</c>, ...</summary>
    public static string StateOf(Snapshot snapshot) => snapshot.State?.Value ?? "unknown";

    /// <summary>How much of it is copied, 0 to 100.</summary>
    public static int PercentOf(Snapshot snapshot) => StateOf(snapshot) == "completed" ? 100
        : int.TryParse(snapshot.Progress?.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out int percent) ? percent : 0;

    /// <summary><c>snap1 (snap-0123)</c>, or the id alone.</summary>
    public static string Label(Snapshot snapshot) => NameOf(snapshot) is { } name ? $"{name} ({snapshot.SnapshotId})" : snapshot.SnapshotId;
}
