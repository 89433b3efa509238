using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Starts, stops, reboots and terminates, a thousand instances a call. One that refuses does not hold up the others.</summary>
public sealed class InstanceActions(Fe2Session session)
{
    /// <summary>Starts stopped instances.</summary>
    /// <returns>Those that are starting, their state brought up to date; and a problem for each that refused.</returns>
    public Task<InstanceSelection> StartAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken = default) =>
        RunAsync("start", instances, async batch =>
        {
            StartInstancesResponse answer = await session.Ec2.StartInstancesAsync(
                new StartInstancesRequest { InstanceIds = Ids(batch) }, cancellationToken).ConfigureAwait(false);
            Update(batch, answer.StartingInstances);
        });

    /// <summary>Stops running instances; their disks stay and cost. One-time spot instances cannot be stopped and are a problem each.</summary>
    public Task<InstanceSelection> StopAsync(IReadOnlyList<Instance> instances, bool force = false, CancellationToken cancellationToken = default) =>
        RunAsync("stop", instances, async batch =>
        {
            StopInstancesResponse answer = await session.Ec2.StopInstancesAsync(
                new StopInstancesRequest { InstanceIds = Ids(batch), Force = force }, cancellationToken).ConfigureAwait(false);
            Update(batch, answer.StoppingInstances);
        });

    /// <summary>Reboots running instances.</summary>
    public Task<InstanceSelection> RestartAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken = default) =>
        RunAsync("restart", instances, async batch =>
            await session.Ec2.RebootInstancesAsync(new RebootInstancesRequest { InstanceIds = Ids(batch) }, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Terminates instances: spot requests are cancelled first, so that nothing comes back, and the names are free at once.
    /// Root disks are deleted; what was on them is gone.
    /// </summary>
    public Task<InstanceSelection> RemoveAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken = default) =>
        RunAsync("remove", instances, batch => TerminateRawAsync(batch, cancellationToken));

    internal async Task<bool> TerminateRawAsync(IReadOnlyList<Instance> batch, CancellationToken cancellationToken)
    {
        List<string> requests = [.. batch.Select(i => i.SpotInstanceRequestId).Where(r => !string.IsNullOrEmpty(r)).Distinct()];
        if (requests.Count > 0)
            await CancelAsync(requests, cancellationToken).ConfigureAwait(false);
        TerminateInstancesResponse answer = await session.Ec2.TerminateInstancesAsync(
            new TerminateInstancesRequest { InstanceIds = Ids(batch) }, cancellationToken).ConfigureAwait(false);
        Update(batch, answer.TerminatingInstances);
        List<string> named = [.. batch.Where(i => InstanceFacts.NameOf(i) is not null).Select(i => i.InstanceId)];
        if (named.Count > 0)
        {
            await session.Ec2.DeleteTagsAsync(
                new DeleteTagsRequest { Resources = named, Tags = [new Tag { Key = TagNames.Name }] }, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task CancelAsync(List<string> requests, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.CancelSpotInstanceRequestsAsync(
                new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = requests }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidSpotInstanceRequestID.NotFound")
        {
            // EC2 forgets requests sooner than instances; the rest is still to be cancelled.
            foreach (string request in requests.Count > 1 ? requests : [])
                await CancelAsync([request], cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<InstanceSelection> RunAsync(string verb, IReadOnlyList<Instance> instances, Func<IReadOnlyList<Instance>, Task> call) =>
        session.GuardAsync($"{verb} {Names(instances)}", null, async () =>
        {
            var done = new List<Instance>();
            var problems = new List<Fe2Exception>();
            foreach (Instance[] batch in instances.DistinctBy(i => i.InstanceId).Chunk(InstanceQuery.PageSize))
                await SplitAsync(verb, batch, call, done, problems).ConfigureAwait(false);
            return new InstanceSelection(done, problems);
        });

    /// <summary>EC2 refuses a batch as a whole for one instance's sake. Halving finds the one in a few calls.</summary>
    private async Task SplitAsync(
        string verb, IReadOnlyList<Instance> batch, Func<IReadOnlyList<Instance>, Task> call, List<Instance> done, List<Fe2Exception> problems)
    {
        try
        {
            await call(batch).ConfigureAwait(false);
            done.AddRange(batch);
        }
        catch (AmazonEC2Exception e) when (IsAboutOne(e))
        {
            if (batch.Count == 1)
            {
                problems.Add(ErrorTranslation.Translate(e, session, $"{verb} {InstanceFacts.Label(batch[0])}", batch[0].InstanceId));
                return;
            }

            int half = batch.Count / 2;
            await SplitAsync(verb, [.. batch.Take(half)], call, done, problems).ConfigureAwait(false);
            await SplitAsync(verb, [.. batch.Skip(half)], call, done, problems).ConfigureAwait(false);
        }
    }

    private static bool IsAboutOne(AmazonServiceException e) =>
        e.ErrorCode is { } code && (code.StartsWith("InvalidInstanceID", StringComparison.Ordinal)
            || code is "IncorrectInstanceState" or "IncorrectState" or "UnsupportedOperation" or "OperationNotPermitted" or "IncorrectSpotRequestState"
                or "InvalidParameterCombination" or "InsufficientInstanceCapacity" or "UnauthorizedOperation");

    private static List<string> Ids(IEnumerable<Instance> instances) => [.. instances.Select(i => i.InstanceId)];

    private static void Update(IReadOnlyList<Instance> batch, IEnumerable<InstanceStateChange> changes)
    {
        Dictionary<string, Instance> byId = batch.ToDictionary(i => i.InstanceId);
        foreach (InstanceStateChange change in changes)
        {
            if (byId.TryGetValue(change.InstanceId, out Instance? instance))
                instance.State = change.CurrentState;
        }
    }

    private static string Names(IReadOnlyList<Instance> instances) =>
        instances.Count == 1 ? InstanceFacts.Label(instances[0]) : $"{instances.Count} instances";
}
