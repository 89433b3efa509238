namespace Fe2Ps.Core.Spot;

/// <summary>
/// Which volumes a job has now, as a shell reads and writes it: one line each, three words: the key, the volume that stands for it, its
/// zone. All else about a volume does not change.
/// </summary>
internal static class JobVolumeLines
{
    /// <summary>The lines, in the order in which the volumes are mounted.</summary>
    public static string Write(IEnumerable<JobVolume> volumes) => string.Concat(volumes.Select(v => $"{v.Key} {v.VolumeId} {v.Zone}\n"));

    /// <summary>The facts with the volumes as these lines have them. Lines of volumes that the job does not have are passed over.</summary>
    public static RecoveryFacts Merge(RecoveryFacts facts, string? lines)
    {
        var now = new Dictionary<string, (string Id, string Zone)>(StringComparer.Ordinal);
        foreach (var line in (lines ?? "").Split('\n'))
        {
            if (line.Split(' ') is [var key, var id, var zone])
                now[key] = (id, zone);
        }

        return facts.Volumes.Any(v => now.TryGetValue(v.Key, out var at) && at != (v.VolumeId, v.Zone))
            ? facts with { Volumes = [.. facts.Volumes.Select(v => now.TryGetValue(v.Key, out var at) ? v with { VolumeId = at.Id, Zone = at.Zone } : v)] }
            : facts;
    }
}
