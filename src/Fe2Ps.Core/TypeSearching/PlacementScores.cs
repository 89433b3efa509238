using System.Collections.Concurrent;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.TypeSearching;

/// <summary>
/// Spot placement scores of zones. An account may ask for few different ones a day, so a whole result is one question: how likely
/// is one machine of any of these types, zone by zone.
/// </summary>
internal static class PlacementScores
{
    /// <summary>More types make a better score of nothing that anybody would take.</summary>
    private const int MostTypes = 10;

    private static readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> ZoneNames = new();

    /// <summary>The scores by zone name; zones that EC2 does not name are not among the ten best.</summary>
    public static async Task<IReadOnlyDictionary<string, int>> AskAsync(
        IReadOnlyList<Fe2Session> sessions, IEnumerable<string> types, CancellationToken cancellationToken)
    {
        var request = new GetSpotPlacementScoresRequest
        {
            InstanceTypes = [.. types.Distinct(StringComparer.Ordinal).Take(MostTypes)],
            RegionNames = [.. sessions.Select(s => s.Region)],
            TargetCapacity = 1,
            SingleAvailabilityZone = true,
        };
        Task<IReadOnlyDictionary<string, string>[]> names = Task.WhenAll(sessions.Select(s => NamesAsync(s, cancellationToken)));
        var scores = new List<SpotPlacementScore>();
        do
        {
            GetSpotPlacementScoresResponse page = await sessions[0].Ec2.GetSpotPlacementScoresAsync(request, cancellationToken).ConfigureAwait(false);
            scores.AddRange(page.SpotPlacementScores);
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        Dictionary<string, string> byId = (await names.ConfigureAwait(false)).SelectMany(map => map).ToDictionary(StringComparer.Ordinal);
        return scores.Where(s => s.AvailabilityZoneId is not null && byId.ContainsKey(s.AvailabilityZoneId) && s.Score is not null)
            .ToDictionary(s => byId[s.AvailabilityZoneId], s => s.Score!.Value, StringComparer.Ordinal);
    }

    // Scores name zones by id, since each account has its own names for them.
    private static async Task<IReadOnlyDictionary<string, string>> NamesAsync(Fe2Session session, CancellationToken cancellationToken)
    {
        if (ZoneNames.TryGetValue(session.CacheScope, out IReadOnlyDictionary<string, string>? known))
            return known;
        DescribeAvailabilityZonesResponse answer = await session.Ec2.DescribeAvailabilityZonesAsync(
            new DescribeAvailabilityZonesRequest(), cancellationToken).ConfigureAwait(false);
        return ZoneNames[session.CacheScope] = answer.AvailabilityZones.ToDictionary(z => z.ZoneId, z => z.ZoneName, StringComparer.Ordinal);
    }
}
