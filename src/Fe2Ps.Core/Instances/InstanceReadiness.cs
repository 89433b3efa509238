using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Instances;

/// <summary>A machine that can be used: the instance as it is now, and the fingerprint of its host key.</summary>
public sealed record ReadyInstance(Instance Instance, string HostKey);

/// <summary>Waits until a command over ssh works on instances that are starting. One call asks EC2 about all of them; each is probed on its own.</summary>
public sealed class InstanceReadiness(Fe2Session session, ISshConnector connector)
{
    /// <summary>When EC2 first showed all of the instances; null before.</summary>
    internal DateTimeOffset? SeenAt { get; private set; }

    private readonly InstanceQuery query = new(session);
    private readonly InstanceTargets targets = new(session);

    /// <summary>Waits until all are ready, writes their host keys into their tags, and returns them as they are then.</summary>
    /// <param name="instances">Instances that are starting or running.</param>
    /// <param name="privateFile">The private key, or null for ssh's own choice.</param>
    /// <param name="user">The login user, or null for what the instance says.</param>
    /// <param name="timeout">How long all of it may take.</param>
    /// <param name="activity">For progress: <c>Launching spot2</c>.</param>
    /// <exception cref="Fe2Exception"><c>InstanceEnded</c> with EC2's reason, <c>InstanceNotReady</c>, or a refusal by ssh.</exception>
    public async Task<IReadOnlyList<Instance>> WaitAsync(
        IReadOnlyList<Instance> instances, string? privateFile, string? user, TimeSpan timeout, string activity,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        (await RunAsync(instances, privateFile, user, timeout, activity, allOrNothing: true, report, cancellationToken).ConfigureAwait(false)).Instances;

    /// <summary>As <see cref="WaitAsync"/>, but a machine that fails is a problem of its own and the others are waited for.</summary>
    /// <returns>Those that are ready, as they are then, in the order given; and one problem for each that is not.</returns>
    public Task<InstanceSelection> WaitEachAsync(
        IReadOnlyList<Instance> instances, string? privateFile, string? user, TimeSpan timeout, string activity,
        IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        RunAsync(instances, privateFile, user, timeout, activity, allOrNothing: false, report, cancellationToken);

    private async Task<InstanceSelection> RunAsync(
        IReadOnlyList<Instance> instances, string? privateFile, string? user, TimeSpan timeout, string activity, bool allOrNothing,
        IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        DateTimeOffset end = session.Clock.GetUtcNow() + timeout;
        Dictionary<string, Instance> latest = instances.ToDictionary(i => i.InstanceId);
        var probes = new Dictionary<string, Task<string>>();
        var problems = new List<Fe2Exception>();
        try
        {
            for (int n = 0; ; n++)
            {
                await RefreshAsync(latest, probes, cancellationToken).ConfigureAwait(false);
                foreach (Instance instance in latest.Values.ToList())
                {
                    if (InstanceFacts.IsEnding(instance) || InstanceFacts.StateOf(instance) == "stopped")
                        Fail(instance, Ended(instance));
                    else if (!probes.ContainsKey(instance.InstanceId) && HasItsAddress(instance))
                        probes[instance.InstanceId] = ProbeAsync(instance, privateFile, user, end, stop.Token);
                }

                foreach (Instance instance in latest.Values.Where(i => probes.TryGetValue(i.InstanceId, out Task<string>? probe) && probe.IsFaulted).ToList())
                    Fail(instance, FailureOf(probes[instance.InstanceId]));
                if (session.Clock.GetUtcNow() >= end)
                {
                    foreach (Instance late in latest.Values.Where(i => !IsReady(i, probes)).ToList())
                        Fail(late, NotReady(late, timeout));
                }

                if (latest.Count == 0)
                    break;
                int ready = latest.Values.Count(i => IsReady(i, probes));
                report?.Report(new ProgressReport(activity, Status(latest.Values, probes, ready), ready * 100 / latest.Count));
                if (ready == latest.Count)
                    break;

                // A probe that ends means news: no reason to wait for the next turn.
                Task pause = session.Pace.WaitAsync(n, session.Clock, stop.Token);
                await Task.WhenAny([pause, .. probes.Values.Where(p => !p.IsCompleted)]).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }

            await PublishAsync(latest.Values, probes, cancellationToken).ConfigureAwait(false);
            return new InstanceSelection([.. instances.Select(i => latest.GetValueOrDefault(i.InstanceId)).OfType<Instance>()], problems);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (Task<string> probe in probes.Values)
                _ = probe.ContinueWith(static p => p.Exception, TaskScheduler.Default);
        }

        void Fail(Instance instance, Fe2Exception problem)
        {
            if (allOrNothing)
                throw problem;
            problems.Add(problem);
            latest.Remove(instance.InstanceId);
        }
    }

    /// <summary>Why a probe has failed; what is no failure of the machine goes its own way.</summary>
    private static Fe2Exception FailureOf(Task<string> failed) =>
        failed.Exception!.InnerException as Fe2Exception ?? throw failed.Exception.InnerException!;

    private async Task RefreshAsync(Dictionary<string, Instance> latest, Dictionary<string, Task<string>> probes, CancellationToken cancellationToken)
    {
        string[] open = [.. latest.Values.Where(i => !IsReady(i, probes)).Select(i => i.InstanceId)];
        IReadOnlyList<Instance> now = await query.ByIdsAsync(open, cancellationToken).ConfigureAwait(false);
        foreach (Instance instance in now)
            latest[instance.InstanceId] = instance;
        if (now.Count == open.Length)
            SeenAt ??= session.Clock.GetUtcNow();
    }

    /// <summary>A public address comes a moment after the private one; only a running instance without one will stay so.</summary>
    private static bool HasItsAddress(Instance instance) =>
        InstanceFacts.PublicAddressOf(instance) is not null
        || (InstanceFacts.StateOf(instance) == "running" && InstanceFacts.AddressOf(instance) is not null);

    private static bool IsReady(Instance instance, Dictionary<string, Task<string>> probes) =>
        InstanceFacts.StateOf(instance) == "running" && probes.TryGetValue(instance.InstanceId, out Task<string>? probe) && probe.IsCompletedSuccessfully;

    private async Task<string> ProbeAsync(Instance instance, string? privateFile, string? user, DateTimeOffset end, CancellationToken cancellationToken)
    {
        SshTarget target = targets.For(instance, privateFile, user);
        TimeSpan left = end - session.Clock.GetUtcNow();
        return await connector.WaitUntilReadyAsync(target, left > TimeSpan.Zero ? left : TimeSpan.FromSeconds(1), null, cancellationToken).ConfigureAwait(false);
    }

    private async Task PublishAsync(IEnumerable<Instance> instances, Dictionary<string, Task<string>> probes, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            instances,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (instance, token) => await FreshRetry.RunAsync(session, async () =>
            {
                await targets.PublishHostKeyAsync(instance, await probes[instance.InstanceId].ConfigureAwait(false), token).ConfigureAwait(false);
                return true;
            }, token).ConfigureAwait(false)).ConfigureAwait(false);

    private static string Status(IReadOnlyCollection<Instance> all, Dictionary<string, Task<string>> probes, int ready)
    {
        if (all.Count > 1)
            return $"{ready} of {all.Count} ready, {all.Count(i => InstanceFacts.StateOf(i) == "running")} running";
        Instance one = all.First();
        return probes.ContainsKey(one.InstanceId)
            ? $"{one.InstanceId} is {InstanceFacts.StateOf(one)}, waiting for ssh at {InstanceFacts.AddressOf(one)}"
            : $"{one.InstanceId} is {InstanceFacts.StateOf(one)}";
    }

    private static Fe2Exception Ended(Instance instance) => new(
        "InstanceEnded", Fe2ErrorKind.OperationFailed,
        $"{InstanceFacts.Label(instance)} is {InstanceFacts.StateOf(instance)} before it could be used: {InstanceFacts.ReasonOf(instance) ?? "EC2 gives no reason"}.",
        "Try another type, zone or image; the reason above says which.", instance.InstanceId);

    private static Fe2Exception NotReady(Instance instance, TimeSpan timeout) => new(
        "InstanceNotReady", Fe2ErrorKind.Timeout,
        $"{InstanceFacts.Label(instance)} did not answer over ssh within {timeout.TotalSeconds:0} s; it is {InstanceFacts.StateOf(instance)}"
        + (InstanceFacts.AddressOf(instance) is { } address ? $" at {address}." : " without an address."),
        "Check that the image runs sshd and that port 22 is not blocked on the way; -KeepOnFailure leaves the machine to look at.", instance.InstanceId);
}
