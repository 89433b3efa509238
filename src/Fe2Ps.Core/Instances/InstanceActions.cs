using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Instances;

/// <summary>Starts, stops, reboots and terminates, a thousand instances a call. One that refuses does not hold up the others.</summary>
public sealed class InstanceActions(Fe2Session session)
{
    private const int FewEnoughToAskEach = 16;

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
    /// Root disks are deleted; what was on them is gone. A spot request that cannot be cancelled keeps nothing from ending;
    /// it is a problem where EC2 would launch a new instance for it.
    /// </summary>
    public async Task<InstanceSelection> RemoveAsync(IReadOnlyList<Instance> instances, CancellationToken cancellationToken = default)
    {
        var open = new List<Fe2Exception>();
        InstanceSelection removed = await RunAsync(
            "remove", instances,
            async batch =>
            {
                var requests = new SpotRequests(session);
                SpotRequests.Failure? failure = await requests.CancelOfAsync(batch, cancellationToken).ConfigureAwait(false);
                await TerminateRawAsync(batch, cancellationToken).ConfigureAwait(false);
                if (failure is not null)
                    open.AddRange(await requests.LeftAsync(failure, cancellationToken).ConfigureAwait(false));
            }).ConfigureAwait(false);
        // The last monitor that acted by itself takes the role for that with it.
        if (await new SupervisorRole(session).RemoveUnusedAsync(removed.Instances, cancellationToken).ConfigureAwait(false) is { } left)
            open.Add(new Fe2Exception("RoleLeft", Fe2ErrorKind.OperationFailed, left, "It costs nothing; ask whoever keeps the account to delete it.", null));
        return removed with { Problems = [.. removed.Problems, .. open] };
    }

    /// <summary>Terminates and frees the names; the spot requests are the caller's. Raw errors where the instances were not terminated.</summary>
    internal async Task<bool> TerminateRawAsync(IReadOnlyList<Instance> batch, CancellationToken cancellationToken)
    {
        TerminateInstancesResponse answer = await session.Ec2.TerminateInstancesAsync(
            new TerminateInstancesRequest { InstanceIds = Ids(batch) }, cancellationToken).ConfigureAwait(false);
        Update(batch, answer.TerminatingInstances);
        await FreeNamesAsync(batch, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>A name on an instance that is ending stands in nobody's way; that it goes at once is a courtesy, and its failure nobody's problem.</summary>
    private async Task FreeNamesAsync(IReadOnlyList<Instance> batch, CancellationToken cancellationToken)
    {
        List<string> named = [.. batch.Where(i => InstanceFacts.NameOf(i) is not null).Select(i => i.InstanceId)];
        if (named.Count == 0)
            return;
        try
        {
            await session.Ec2.DeleteTagsAsync(
                new DeleteTagsRequest { Resources = named, Tags = [new Tag { Key = TagNames.Name }] }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or OperationCanceledException)
        {
            // The instances are ending, whatever became of their names.
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

    /// <summary>
    /// EC2 refuses a batch as a whole for one instance's sake. Those that it names are taken out; those in a wrong state are told apart
    /// by looking at the states; what is left is halved until the culprit stands alone.
    /// </summary>
    private async Task SplitAsync(
        string verb, IReadOnlyList<Instance> batch, Func<IReadOnlyList<Instance>, Task> call, List<Instance> done, List<Fe2Exception> problems)
    {
        try
        {
            if (batch.Count > 0)
                await call(batch).ConfigureAwait(false);
            done.AddRange(batch);
        }
        catch (AmazonEC2Exception e) when (IsAboutSome(e, batch.Count))
        {
            IReadOnlyList<IReadOnlyList<Instance>> parts = await PartsAsync(batch, e).ConfigureAwait(false);
            if (parts.Count == 1)
            {
                problems.AddRange(batch.Select(i => verb == "stop" && IsAboutOneTimeSpot(e)
                    ? SpotCannotStop(i, e) : ErrorTranslation.Translate(e, session, $"{verb} {InstanceFacts.Label(i)}", i.InstanceId)));
                return;
            }

            foreach (IReadOnlyList<Instance> part in parts)
                await SplitAsync(verb, part, call, done, problems).ConfigureAwait(false);
        }
    }

    private static bool IsAboutOneTimeSpot(AmazonEC2Exception e) =>
        e.ErrorCode == "UnsupportedOperation" && e.Message.Contains("one-time", StringComparison.OrdinalIgnoreCase);

    private static Fe2Exception SpotCannotStop(Instance instance, AmazonEC2Exception e) => new(
        "SpotCannotStop", Fe2ErrorKind.InvalidState,
        $"{InstanceFacts.Label(instance)} is a spot machine of a one-time request, and EC2 does not stop those: they run, or they end.",
        $"Remove-Fe2Instance {InstanceFacts.NameOf(instance) ?? instance.InstanceId} ends it, and its disk with it; New-Fe2Ami keeps what is on it. "
        + "A spot machine that can stop is launched with -Spot -OnInterruption Stop.", instance.InstanceId, e);

    /// <summary>Smaller batches to try; one, the batch itself, where all of it is refused for the same reason.</summary>
    private async Task<IReadOnlyList<IReadOnlyList<Instance>>> PartsAsync(IReadOnlyList<Instance> batch, AmazonEC2Exception e)
    {
        if (batch.Count == 1)
            return [batch];
        if (e.ErrorCode == "InvalidInstanceID.NotFound")
        {
            ILookup<bool, Instance> byBlame = batch.ToLookup(i => e.Message.Contains(i.InstanceId, StringComparison.Ordinal));
            if (byBlame[true].Any() && byBlame[false].Any())
                return [[.. byBlame[true]], [.. byBlame[false]]];
            if (byBlame[true].Any())
                return [batch];
        }

        if (e.ErrorCode is "IncorrectInstanceState" or "IncorrectState" or "UnsupportedOperation")
        {
            IReadOnlyList<Instance> now = await new InstanceQuery(session).ByIdsAsync(Ids(batch), CancellationToken.None).ConfigureAwait(false);
            Dictionary<string, string> kinds = now.ToDictionary(i => i.InstanceId, i => $"{InstanceFacts.StateOf(i)} {InstanceFacts.IsSpot(i)}");
            IReadOnlyList<Instance>[] groups = [.. batch.GroupBy(i => kinds.GetValueOrDefault(i.InstanceId)).Select(g => (IReadOnlyList<Instance>)[.. g])];
            if (groups.Length > 1 || e.ErrorCode != "UnsupportedOperation")
                return groups;
        }

        int half = batch.Count / 2;
        return [[.. batch.Take(half)], [.. batch.Skip(half)]];
    }

    private static bool IsAboutSome(AmazonServiceException e, int count) =>
        e.ErrorCode is { } code && (code.StartsWith("InvalidInstanceID", StringComparison.Ordinal)
            || code is "IncorrectInstanceState" or "IncorrectState" or "UnsupportedOperation" or "OperationNotPermitted" or "IncorrectSpotRequestState"
                or "InvalidParameterCombination" or "InsufficientInstanceCapacity"
            // A refusal of many is about the caller; finding the few that a policy lets through is not worth a call each.
            || (code == "UnauthorizedOperation" && count <= FewEnoughToAskEach));

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
