using System.Runtime.CompilerServices;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Spot;

/// <summary>What an <see cref="InstanceEvent"/> is about.</summary>
public enum InstanceEventKind
{
    /// <summary>The instance's state: <c>running</c>, <c>stopped</c>, <c>terminated</c>, ...</summary>
    State,

    /// <summary>The status code of its spot request, for example <c>fulfilled</c> or <c>instance-terminated-no-capacity</c>.</summary>
    SpotStatus,

    /// <summary>EC2 takes it away: the spot request is marked for termination, stop or hibernation.</summary>
    Interruption,

    /// <summary>EC2's checks of the machine and its host: <c>ok</c>, <c>impaired</c>, ...</summary>
    Health,

    /// <summary>EC2 does not know it any more.</summary>
    Gone,
}

/// <summary>Something that happened to an instance, as EC2 tells it from outside.</summary>
/// <param name="Time">When it was seen.</param>
/// <param name="Name">The instance's name, or null.</param>
/// <param name="InstanceId">Its id.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Value">What it is now.</param>
/// <param name="Before">What it was before, or null at the first look.</param>
/// <param name="Message">EC2's own words, or null.</param>
public sealed record InstanceEvent(
    DateTimeOffset Time, string? Name, string InstanceId, InstanceEventKind Kind, string Value, string? Before, string? Message);

/// <summary>Watches instances from outside and tells what changes.</summary>
public sealed class InstanceWatch(Fe2Session session)
{
    private readonly Dictionary<(string Id, InstanceEventKind Kind), string> _known = [];
    private readonly Dictionary<string, string?> _names = new(StringComparer.Ordinal);

    /// <summary>The present state first, then every change, until all instances are in the state <paramref name="until"/>, or are gone for good.</summary>
    /// <param name="instanceIds">The instances.</param>
    /// <param name="until">A state such as <c>stopped</c>, or null.</param>
    /// <param name="interval">How long between two questions; each is three calls at most, for up to a thousand instances.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<InstanceEvent> RunAsync(
        IReadOnlyList<string> instanceIds, string? until, TimeSpan interval, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            List<InstanceEvent> news = await session.GuardAsync(
                "watch instances", string.Join(", ", instanceIds.Take(3)), () => LookAsync(instanceIds, cancellationToken)).ConfigureAwait(false);
            foreach (InstanceEvent happened in news)
                yield return happened;
            if (instanceIds.All(id => IsOver(id, until)))
                yield break;
            await Task.Delay(interval, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private bool IsOver(string id, string? until) =>
        _known.ContainsKey((id, InstanceEventKind.Gone))
        || (_known.TryGetValue((id, InstanceEventKind.State), out string? state) && (state == "terminated" || state == until));

    private async Task<List<InstanceEvent>> LookAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var news = new List<InstanceEvent>();
        IReadOnlyList<Instance> instances = await new InstanceQuery(session).ByIdsAsync(ids, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, SpotStatus> requests = await SpotAsync(instances, cancellationToken).ConfigureAwait(false);
        IReadOnlyDictionary<string, string> health = await HealthAsync(instances, cancellationToken).ConfigureAwait(false);
        foreach (Instance instance in instances)
        {
            _names[instance.InstanceId] = InstanceFacts.NameOf(instance);
            // The notice comes before the end that it announces.
            if (instance.SpotInstanceRequestId is { } request && requests.TryGetValue(request, out SpotStatus? status))
            {
                bool isMark = InterruptionSigns.IsMark(status.Code);
                Tell(news, instance.InstanceId, isMark ? InstanceEventKind.Interruption : InstanceEventKind.SpotStatus, status.Code, status.Message);
            }

            string state = InstanceFacts.StateOf(instance);
            Tell(news, instance.InstanceId, InstanceEventKind.State, state, state is "running" or "pending" ? null : InstanceFacts.ReasonOf(instance));
            if (health.TryGetValue(instance.InstanceId, out string? word))
                Tell(news, instance.InstanceId, InstanceEventKind.Health, word, null);
        }

        foreach (string id in ids.Except(instances.Select(i => i.InstanceId)).Where(id => _names.ContainsKey(id)))
            Tell(news, id, InstanceEventKind.Gone, "gone", null);
        return news;
    }

    private void Tell(List<InstanceEvent> news, string id, InstanceEventKind kind, string value, string? message)
    {
        string? before = _known.GetValueOrDefault((id, kind));
        if (before == value)
            return;
        _known[(id, kind)] = value;
        news.Add(new InstanceEvent(session.Clock.GetUtcNow(), _names.GetValueOrDefault(id), id, kind, value, before, message));
    }

    private async Task<IReadOnlyDictionary<string, SpotStatus>> SpotAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, SpotStatus>(StringComparer.Ordinal);
        IEnumerable<string> requests = instances.Select(i => i.SpotInstanceRequestId).Where(r => !string.IsNullOrEmpty(r)).Distinct();
        foreach (string[] few in requests.Chunk(InstanceQuery.FilterValues))
        {
            DescribeSpotInstanceRequestsResponse answer = await session.Ec2.DescribeSpotInstanceRequestsAsync(
                new DescribeSpotInstanceRequestsRequest { Filters = [InstanceQuery.Filter("spot-instance-request-id", few)] }, cancellationToken).ConfigureAwait(false);
            foreach (SpotInstanceRequest request in answer.SpotInstanceRequests.Where(r => r.Status?.Code is not null))
                found[request.SpotInstanceRequestId] = new SpotStatus(request.Status.Code, request.Status.Message);
        }

        return found;
    }

    private async Task<IReadOnlyDictionary<string, string>> HealthAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        IEnumerable<string> running = instances.Where(i => InstanceFacts.StateOf(i) == "running").Select(i => i.InstanceId);
        foreach (string[] few in running.Chunk(100))
        {
            DescribeInstanceStatusResponse answer = await session.Ec2.DescribeInstanceStatusAsync(
                new DescribeInstanceStatusRequest { Filters = [], InstanceIds = [.. few] }, cancellationToken).ConfigureAwait(false);
            foreach (InstanceStatus status in answer.InstanceStatuses)
            {
                string?[] words = [status.SystemStatus?.Status?.Value, status.Status?.Status?.Value];
                found[status.InstanceId] = words.FirstOrDefault(w => w is not (null or "ok")) ?? "ok";
            }
        }

        return found;
    }

    private sealed record SpotStatus(string Code, string? Message);
}
