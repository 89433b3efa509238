using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Services;

/// <summary>
/// Keeps hosts and instance records together: what the services decide is done to the host in order, one thing at a time for each
/// instance, and the record's state follows what the host does.
/// </summary>
internal sealed class HostKeeper
{
    private readonly Cloud _cloud;
    private readonly WorkQueues _queues;
    private readonly ConcurrentDictionary<string, bool> _refreshing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<IngressRule>> _sent = new(StringComparer.Ordinal);

    public HostKeeper(Cloud cloud)
    {
        _cloud = cloud;
        _queues = new WorkQueues(cloud);
        cloud.Fabric.Exited += exit => _cloud.Guarded(() => OnExit(exit));
    }

    /// <summary>An instance is ending because its host ended.</summary>
    public event Action<RegionState, Instance>? Ended;

    private bool Real => _cloud.Fabric.Kind != HostKind.None;

    public static string Gmt(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'GMT'", CultureInfo.InvariantCulture);

    /// <summary>The first start of a new instance.</summary>
    public void Launch(RegionState region, Instance instance) => Begin(region, instance);

    /// <summary>Starts a stopped instance again.</summary>
    public void Start(RegionState region, Instance instance)
    {
        instance.State = InstanceState.Pending;
        instance.LaunchTime = _cloud.Now;
        instance.ReasonCode = instance.ReasonMessage = null;
        instance.TransitionReason = "";
        Begin(region, instance);
    }

    public void Stop(RegionState region, Instance instance, bool force, string code, string message)
    {
        Settle(instance);
        instance.State = InstanceState.Stopping;
        (instance.ReasonCode, instance.ReasonMessage) = (code, message);
        Then(instance, token => Real && instance.HasHost ? _cloud.Fabric.StopAsync(instance.Id, force, token) : Pause(), () => Stopped(instance));
    }

    /// <summary>As <see cref="Stop"/>, with its memory; a host that cannot stops instead, as on EC2.</summary>
    public void Hibernate(Instance instance, string code, string message)
    {
        Settle(instance);
        instance.State = InstanceState.Stopping;
        (instance.ReasonCode, instance.ReasonMessage) = (code, message);
        Then(
            instance,
            async token =>
            {
                if (!Real || !instance.HasHost)
                    await Pause().ConfigureAwait(false);
                else if (!await _cloud.Fabric.HibernateAsync(instance.Id, token).ConfigureAwait(false))
                    await _cloud.Fabric.StopAsync(instance.Id, false, token).ConfigureAwait(false);
            },
            () => Stopped(instance));
    }

    public void Terminate(RegionState region, Instance instance, string code, string message)
    {
        var wasUp = instance.State is InstanceState.Running;
        Settle(instance);
        instance.State = InstanceState.ShuttingDown;
        (instance.ReasonCode, instance.ReasonMessage) = (code, message);
        Then(
            instance,
            async token =>
            {
                if (!Real || !instance.HasHost)
                {
                    await Pause().ConfigureAwait(false);
                    return;
                }

                // The guest may finish its writes, as it may on EC2.
                if (wasUp)
                    await _queues.QuietlyAsync(() => _cloud.Fabric.StopAsync(instance.Id, false, token)).ConfigureAwait(false);
                await _cloud.Fabric.DestroyAsync(instance.Id, token).ConfigureAwait(false);
            },
            () => Terminated(region, instance));
    }

    public void Reboot(Instance instance)
    {
        if (Real && instance.HasHost)
            Then(instance, token => _cloud.Fabric.RebootAsync(instance.Id, token), () => { });
    }

    /// <summary>
    /// Tells the hosts soon which traffic their groups allow now, where that has changed. Thirty launches at once change the members
    /// of a group thirty times, and each host is told once.
    /// </summary>
    public void RefreshIngress(RegionState region)
    {
        if (!Real || !_refreshing.TryAdd(region.Name, true))
            return;
        _cloud.After(TimeSpan.FromMilliseconds(50), () =>
        {
            _refreshing.TryRemove(region.Name, out _);
            foreach (var instance in region.Instances.Values)
            {
                if (instance.HasHost && instance.State == InstanceState.Running)
                    SendIngress(region, instance);
            }
        });
    }

    /// <inheritdoc cref="WorkQueues.Then"/>
    public void Then(string key, Func<CancellationToken, Task> work, Action done, Action<Exception>? failed = null)
        => _queues.Then(key, work, done, failed);

    /// <summary>What was under way when the sandbox ended is taken up again.</summary>
    public void Resume(RegionState region, Instance instance)
    {
        switch (instance.State)
        {
            case InstanceState.Pending or InstanceState.Running when instance.HasHost:
                // The fabric's public addresses may be others this time.
                Settle(instance);
                instance.PublicIp = null;
                instance.State = InstanceState.Pending;
                Begin(region, instance);
                break;
            case InstanceState.Stopping:
                Then(instance, _ => Task.CompletedTask, () => Stopped(instance));
                break;
            case InstanceState.ShuttingDown:
                Then(instance, token => _cloud.Fabric.DestroyAsync(instance.Id, token), () => Terminated(region, instance));
                break;
            case InstanceState.Terminated:
                Forget(region, instance);
                break;
        }
    }

    private static IPAddress? Address(string? text) => text is null ? null : IPAddress.Parse(text);

    private void Then(Instance instance, Func<CancellationToken, Task> work, Action done, Action<Exception>? failed = null)
        => Then(instance.Id, work, done, failed);

    private void SendIngress(RegionState region, Instance instance)
    {
        var rules = IngressView.Rules(region, instance);
        if (_sent.TryGetValue(instance.Id, out var before) && before.SequenceEqual(rules))
            return;
        _sent[instance.Id] = rules;
        Then(instance, token => _cloud.Fabric.SetIngressAsync(instance.Id, rules, token), () => { });
    }

    private void Begin(RegionState region, Instance instance)
    {
        if (instance.WantsPublicIp)
            instance.PublicIp = Addresses.Public(_cloud, instance.PrivateIp!).ToString();
        if (!Real || !instance.HasHost)
        {
            Then(instance, _ => Pause(_cloud.Pace.Pending), () => Running(instance));
            return;
        }

        var spec = HostSpecs.Of(region, instance);
        var rules = IngressView.Rules(region, instance);
        var volumes = instance.VolumeIds.Skip(1).Select(id => region.Volumes.GetValueOrDefault(id)).OfType<Volume>().ToList();
        Then(
            instance,
            async token =>
            {
                await Pause(_cloud.Pace.Boot).ConfigureAwait(false);
                await _cloud.Fabric.StartAsync(spec, token).ConfigureAwait(false);
                await _cloud.Fabric.SetIngressAsync(spec.InstanceId, rules, token).ConfigureAwait(false);
                foreach (var volume in volumes)
                {
                    await _cloud.Fabric.CreateVolumeAsync(volume.Id, volume.Size, HostSpecs.DataSnapshot(region, volume), token).ConfigureAwait(false);
                    await _cloud.Fabric.AttachVolumeAsync(volume.Id, spec.InstanceId, volume.Attachment!.Device, token).ConfigureAwait(false);
                }
            },
            () =>
            {
                _sent[instance.Id] = rules;
                Running(instance);
                RefreshIngress(region);
            },
            error =>
            {
                Terminate(region, instance, "Server.InternalError", "Server.InternalError: Internal error on launch");
                instance.TransitionReason = "Server.InternalError";
                Ended?.Invoke(region, instance);
            });
    }

    private void Running(Instance instance)
    {
        if (instance.State != InstanceState.Pending)
            return;
        instance.State = InstanceState.Running;
        instance.RunningSince = _cloud.Now;
        instance.ChecksPassed = false;
        var since = instance.RunningSince;
        _cloud.After(_cloud.Pace.Checks, () => instance.ChecksPassed |= instance.RunningSince == since);
    }

    private void Settle(Instance instance)
    {
        if (instance.RunningSince is { } since)
            instance.BilledSeconds += (_cloud.Now - since).TotalSeconds;
        instance.RunningSince = null;
    }

    private void Stopped(Instance instance)
    {
        if (instance.State != InstanceState.Stopping)
            return;
        instance.State = InstanceState.Stopped;
        instance.EndedAt = _cloud.Now;
        if (instance.PublicIp != instance.PrivateIp && Address(instance.PublicIp) is { } address)
            _cloud.Fabric.ReleaseAddress(address);
        instance.PublicIp = null;
        instance.Notice = null;
        instance.RebalanceAt = null;
    }

    private void Terminated(RegionState region, Instance instance)
    {
        if (instance.State != InstanceState.ShuttingDown)
            return;
        instance.State = InstanceState.Terminated;
        instance.EndedAt = _cloud.Now;
        foreach (var address in new[] { Address(instance.PublicIp), Address(instance.PrivateIp) }.OfType<IPAddress>().Distinct())
            _cloud.Fabric.ReleaseAddress(address);
        (instance.PublicIp, instance.PrivateIp, instance.SubnetId, instance.VpcId) = (null, null, null, null);
        foreach (var volume in instance.VolumeIds.Select(id => region.Volumes.GetValueOrDefault(id)).OfType<Volume>())
            Leave(region, volume);
        instance.VolumeIds.Clear();
        _sent.Remove(instance.Id);
        RefreshIngress(region);
        Forget(region, instance);
    }

    private void Leave(RegionState region, Volume volume)
    {
        if (volume.Attachment?.DeleteOnTermination != true)
        {
            volume.Attachment = null;
            volume.State = "available";
            return;
        }

        region.Volumes.Remove(volume.Id);
        if (Real && !volume.IsRoot)
            Then(volume.Id, token => _cloud.Fabric.DeleteVolumeAsync(volume.Id, token), () => { });
    }

    private void Forget(RegionState region, Instance instance)
    {
        var gone = (instance.EndedAt ?? _cloud.Now) + _cloud.Pace.TerminatedVisible - _cloud.Now;
        _cloud.After(gone > TimeSpan.Zero ? gone : TimeSpan.Zero, () => region.Instances.Remove(instance.Id));
    }

    private void OnExit(HostExit exit)
    {
        foreach (var region in _cloud.State.Regions.Values)
        {
            if (!region.Instances.TryGetValue(exit.InstanceId, out var instance) || instance.State is not (InstanceState.Running or InstanceState.Pending))
                continue;
            var oneTime = instance.SpotRequestId is { } id && region.SpotRequests.GetValueOrDefault(id) is { Type: "one-time" };
            var (code, message) = exit.Reason == HostExitReason.Shutdown
                ? ("Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown")
                : ("Server.InternalError", "Server.InternalError: The host failed.");
            instance.TransitionReason = exit.Reason == HostExitReason.Shutdown ? "" : $"Server.InternalError ({Gmt(_cloud.Now)})";
            if (oneTime || (exit.Reason == HostExitReason.Shutdown && instance.ShutdownBehavior == "terminate"))
            {
                Terminate(region, instance, code, message);
                Ended?.Invoke(region, instance);
            }
            else
            {
                Stop(region, instance, true, code, message);
            }
        }
    }

    /// <summary>What storage takes at least.</summary>
    public Task StoragePause() => Pause(_cloud.Pace.Storage);

    private Task Pause() => Pause(_cloud.Pace.Stopping);

    private Task Pause(TimeSpan time) => Task.Delay(time, _cloud.Time);
}
