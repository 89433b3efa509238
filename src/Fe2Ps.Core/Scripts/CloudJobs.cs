using System.Collections.Concurrent;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>Jobs and the machines of a region: which instances have jobs, how to reach them, and the tags that say so.</summary>
/// <param name="session">The region.</param>
/// <param name="ssh">The way to the machines.</param>
/// <param name="keyFile">A private key for all machines, or null for the one of each machine's key pair.</param>
/// <param name="user">A login user for all machines, or null for what each launch wrote down.</param>
/// <param name="accessReport">Told when a machine lets this computer in again.</param>
public sealed class CloudJobs(
    Fe2Session session, ISshConnector ssh, string? keyFile = null, string? user = null, IProgress<Fe2Report>? accessReport = null) : IJobCloud
{
    private const string RoleTag = "fe2:role";

    private readonly InstanceQuery _query = new(session);
    private readonly InstanceTargets _targets = new(session);
    private readonly MendingConnector _ssh = new(ssh, new MachineAccess(session, ssh, accessReport));
    private readonly ConcurrentDictionary<string, Task<string?>> _privateFiles = new(StringComparer.Ordinal);

    /// <summary>Starts scripts here.</summary>
    public ScriptRunner Runner => new(_ssh, this, session.Clock);

    /// <summary>Follows, waits, receives and stops.</summary>
    public JobControl Control => new(_ssh, this, session.Clock);

    /// <summary>Every job of the region that a machine still knows of, the newest last.</summary>
    public async Task<IReadOnlyList<Job>> ListAsync(IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        InstanceSelection found = await _query.ListAsync(
            new InstanceSelector { Filters = new Dictionary<string, IReadOnlyList<string>> { ["tag-key"] = [RoleTag] } }, cancellationToken).ConfigureAwait(false);
        JobMachine[] machines = await Task.WhenAll(
            found.Instances.Where(i => !InstanceFacts.IsEnding(i)).Select(i => MachineAsync(i, cancellationToken))).ConfigureAwait(false);
        return await new JobCatalogue(_ssh, session.Clock).GetAsync(machines, report, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The machine with this name or id.</summary>
    /// <exception cref="Fe2Exception"><c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>.</exception>
    public async Task<JobMachine> MachineAsync(string nameOrId, CancellationToken cancellationToken = default) =>
        await MachineAsync(await _query.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>An instance as the scripts room sees it; one that does not run is not asked.</summary>
    public async Task<JobMachine> MachineAsync(Instance instance, CancellationToken cancellationToken = default)
    {
        bool runs = InstanceFacts.StateOf(instance) == "running" && InstanceFacts.AddressOf(instance) is not null;
        if (runs) _ssh.Know(instance);
        string? file = runs ? await PrivateFileAsync(instance.KeyName, cancellationToken).ConfigureAwait(false) : null;
        SshTarget target = runs
            ? _targets.For(instance, file, user)
            : new SshTarget(instance.InstanceId, InstanceFacts.NameOf(instance) ?? instance.InstanceId, "", InstanceTargets.UsualUser, null, null);
        return new JobMachine(target, instance.PrivateIpAddress, instance.VpcId, runs)
        {
            IsSpot = InstanceFacts.IsSpot(instance),
            ComesBack = InstanceFacts.ComesBack(instance),
        };
    }

    /// <summary>The machine with this id, also one that is ending; null where EC2 knows it no more.</summary>
    internal Task<JobMachine?> FindMachineAsync(string instanceId, CancellationToken cancellationToken) =>
        session.GuardAsync<JobMachine?>("look at the job's machine", instanceId, async () =>
            await _query.ByIdsAsync([instanceId], cancellationToken).ConfigureAwait(false) is [var instance]
                ? await MachineAsync(instance, cancellationToken).ConfigureAwait(false) : null);

    /// <summary>Whether an instance starts or runs.</summary>
    internal Task<bool> IsAliveAsync(string instanceId, CancellationToken cancellationToken) =>
        session.GuardAsync("look at the job's machine", instanceId, async () =>
            await _query.ByIdsAsync([instanceId], cancellationToken).ConfigureAwait(false) is [var instance]
                && InstanceFacts.StateOf(instance) is "pending" or "running");

    /// <summary>
    /// Whether somebody had EC2 stop or terminate the machine, by any program, or shut it down from within. Source: "Why is my instance stopped or terminated",
    /// state reason codes, in the EC2 user guide.
    /// </summary>
    /// <param name="instanceId">The machine.</param>
    /// <param name="fromWithin">Whether a shutdown from within counts: it does not where the job's own end may have asked for it.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    internal Task<bool> WasEndedByRequestAsync(string instanceId, bool fromWithin, CancellationToken cancellationToken) =>
        session.GuardAsync("look at the job's machine", instanceId, async () =>
            await _query.ByIdsAsync([instanceId], cancellationToken).ConfigureAwait(false) is [var instance]
                && InstanceFacts.StateOf(instance) is "stopping" or "stopped" or "shutting-down" or "terminated"
                && (instance.StateReason?.Code == "Client.UserInitiatedShutdown" || (fromWithin && instance.StateReason?.Code == "Client.InstanceInitiatedShutdown")));

    /// <summary>The way to the machines.</summary>
    public ISshConnector Connector => _ssh;

    /// <inheritdoc/>
    public Task TagAsync(string instanceId, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken) =>
        session.GuardAsync("tag the machine of a job", instanceId, () => session.Ec2.CreateTagsAsync(
            new CreateTagsRequest { Resources = [instanceId], Tags = [.. tags.Select(t => new Tag(t.Key, t.Value))] }, cancellationToken));

    /// <inheritdoc/>
    public Task SetShutdownBehaviorAsync(string instanceId, OnExit onExit, CancellationToken cancellationToken) =>
        session.GuardAsync("set what a shutdown does", instanceId, async () =>
        {
            await session.Ec2.ModifyInstanceAttributeAsync(
                new ModifyInstanceAttributeRequest
                {
                    InstanceId = instanceId,
                    InstanceInitiatedShutdownBehavior = onExit == OnExit.Terminate ? "terminate" : "stop",
                },
                cancellationToken).ConfigureAwait(false);
        });

    /// <inheritdoc/>
    /// <remarks>A one-time spot instance knows only one end, and EC2 refuses to be told anything about it.</remarks>
    public Task<OnExit> ShutdownBehaviorAsync(string instanceId, CancellationToken cancellationToken) =>
        session.GuardAsync("ask what a shutdown does", instanceId, async () =>
        {
            if (await IsOneTimeSpotAsync(instanceId, cancellationToken).ConfigureAwait(false)) return OnExit.Terminate;
            DescribeInstanceAttributeResponse answer = await session.Ec2.DescribeInstanceAttributeAsync(
                new DescribeInstanceAttributeRequest { InstanceId = instanceId, Attribute = InstanceAttributeName.InstanceInitiatedShutdownBehavior },
                cancellationToken).ConfigureAwait(false);
            return answer.InstanceAttribute.InstanceInitiatedShutdownBehavior == "terminate" ? OnExit.Terminate : OnExit.Stop;
        });

    /// <inheritdoc/>
    public async Task<bool> IsOneTimeSpotAsync(string instanceId, CancellationToken cancellationToken) =>
        await SpotRequestsAsync(instanceId, cancellationToken).ConfigureAwait(false) is { } requests && !requests.Any(r => r.Type == SpotInstanceType.Persistent);

    /// <inheritdoc/>
    public async Task<string?> RelaunchingRequestAsync(string instanceId, CancellationToken cancellationToken) =>
        (await SpotRequestsAsync(instanceId, cancellationToken).ConfigureAwait(false))?
            .FirstOrDefault(r => r.Type == SpotInstanceType.Persistent && r.State?.Value is "open" or "active" or "disabled")?.SpotInstanceRequestId;

    /// <inheritdoc/>
    public Task HoldVolumesAsync(IReadOnlyList<JobVolume> volumes, string jobId, string jobName, CancellationToken cancellationToken) =>
        new JobVolumes(session, _ssh, accessReport).HoldAsync(volumes, jobId, jobName, cancellationToken);

    /// <inheritdoc/>
    public Task ReleaseVolumesAsync(IReadOnlyList<JobVolume> volumes, CancellationToken cancellationToken) =>
        new JobVolumes(session, _ssh, accessReport).ReleaseAsync(volumes, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> IsRunningAsync(string instanceId, CancellationToken cancellationToken)
    {
        try
        {
            return InstanceFacts.StateOf(await _query.GetAsync(instanceId, cancellationToken).ConfigureAwait(false)) == "running";
        }
        catch (Fe2Exception e) when (e.Kind == Fe2ErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<bool> ComesBackAsync(string instanceId, CancellationToken cancellationToken) =>
        session.GuardAsync("look at the job's machine", instanceId, async () =>
            await _query.ByIdsAsync([instanceId], cancellationToken).ConfigureAwait(false) is [var instance] && InstanceFacts.ComesBack(instance));

    /// <summary>The spot requests of an instance; null for one that is not spot.</summary>
    private async Task<List<SpotInstanceRequest>?> SpotRequestsAsync(string instanceId, CancellationToken cancellationToken)
    {
        Instance instance = await _query.GetAsync(instanceId, cancellationToken).ConfigureAwait(false);
        if (!InstanceFacts.IsSpot(instance)) return null;
        DescribeSpotInstanceRequestsResponse found = await session.GuardAsync("ask for the spot request", instanceId, () => session.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [new Filter("instance-id", [instanceId])] }, cancellationToken)).ConfigureAwait(false);
        return found.SpotInstanceRequests;
    }

    private Task<string?> PrivateFileAsync(string? keyName, CancellationToken cancellationToken) =>
        _privateFiles.GetOrAdd(keyName ?? "", _ => new KeyPairs(session).FindPrivateFileAsync(keyName, keyFile, cancellationToken));
}
