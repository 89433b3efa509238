using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>The names of data volumes. What instances boot from is named by its instance and stands in nobody's way.</summary>
internal static class VolumeClaim
{
    public static NameClaim Of(Fe2Session session) => new(session, async (names, stop) =>
        [.. (await HoldersAsync(session, names, stop).ConfigureAwait(false)).Where(h => names.Contains(h.Name, StringComparer.Ordinal))]);

    /// <summary>The first of a name, name-2, name-3, ... that nothing has.</summary>
    /// <param name="session">Where.</param>
    /// <param name="wish">The name.</param>
    /// <param name="ownId">A volume that is not in its own way, or null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public static async Task<string> FreeAsync(Fe2Session session, string wish, string? ownId, CancellationToken cancellationToken)
    {
        HashSet<string> taken = [.. (await HoldersAsync(session, [wish, wish + "-*"], cancellationToken).ConfigureAwait(false)).Where(h => h.Id != ownId).Select(h => h.Name)];
        string name = wish;
        for (int n = 2; taken.Contains(name); n++)
            name = $"{wish}-{n}";
        return name;
    }

    /// <param name="session">Where.</param>
    /// <param name="names">Names; one that ends with an asterisk stands for all that begin so.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    private static async Task<IEnumerable<NameHolder>> HoldersAsync(Fe2Session session, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        List<Volume> found = await new VolumeQuery(session).ByFiltersAsync(
            [InstanceQuery.Filter("tag:Name", names.Select(n => n.EndsWith('*') ? InstanceQuery.ServerPattern(n[..^1]) + "*" : InstanceQuery.ServerPattern(n)))],
            cancellationToken).ConfigureAwait(false);
        return found.Where(v => !VolumeFacts.IsRoot(v) && VolumeFacts.StateOf(v) is not ("deleting" or "deleted")).Select(v => new NameHolder(
            v.VolumeId, VolumeFacts.NameOf(v)!, VolumeFacts.TagOf(v, TagNames.Request), v.CreateTime, why => StorageErrors.NameTaken(v, why)));
    }
}
