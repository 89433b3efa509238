using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// Brings the volumes of a job from a machine that is gone or going to the next one: the volume itself within its zone, a copy of it
/// in another. What is superseded goes only when its successor is mounted, looked at and written down. Whoever begins anew finds out
/// by tags how far it came.
/// </summary>
internal sealed class JobVolumeMove(Fe2Session session, ISshConnector connector, Job job, RecoveryFacts facts, IProgress<Fe2Report>? report)
{
    /// <summary>A machine that has a minute to live is not asked for longer than this.</summary>
    private static readonly TimeSpan SaveLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DismountLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan FreeLimit = TimeSpan.FromMinutes(10);

    private readonly VolumeQuery _query = new(session);
    private readonly JobVolumes _volumes = new(session, connector, report);

    /// <summary>
    /// On the notice: a snapshot of each volume is begun, its file system held still for that moment. It is there in case the volume
    /// itself should be lost, and makes a copy for another zone quick. Never fails.
    /// </summary>
    public async Task SaveAsync(JobMachine? machine, CancellationToken cancellationToken)
    {
        if (facts.Volumes.Count == 0 || machine is not { IsRunning: true })
            return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SaveLimit);
        try
        {
            await using ISshSession ssh = await connector.OpenAsync(machine.Ssh, limit.Token).ConfigureAwait(false);
            foreach (JobVolume known in facts.Volumes)
                await SaveAsync(known, machine.Id, ssh, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (JobVolumes.IsCloud(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            report?.Report(new VerboseReport($"No snapshot could be taken of a volume of {job.Name}: {e.Message} The volume itself outlives its machine."));
        }
    }

    /// <summary>Mounts the job's volumes on its next machine, where the script expects them. Nothing is done where they are there already.</summary>
    /// <param name="machine">The next machine.</param>
    /// <param name="write">Writes down which volumes the job has from now on.</param>
    /// <param name="cancellationToken">Leaves everything in a state in which it can be taken up again.</param>
    /// <returns>The facts with the volumes as they are now.</returns>
    /// <exception cref="Fe2Exception"><c>JobVolumeLost</c>, and those of mounting.</exception>
    public async Task<RecoveryFacts> BringAsync(JobMachine machine, Func<RecoveryFacts, Task> write, CancellationToken cancellationToken)
    {
        if (facts.Volumes.Count == 0)
            return facts;
        Instance instance = await new InstanceQuery(session).GetAsync(machine.Id, cancellationToken).ConfigureAwait(false);
        var brought = new List<JobVolume>();
        foreach (JobVolume known in facts.Volumes)
        {
            report?.Report(new ProgressReport($"Job {job.Name}", $"bringing {known.Name ?? known.VolumeId} to {machine.Name}"));
            Volume volume = await session.GuardAsync(
                $"bring {known.Name ?? known.VolumeId} to {machine.Name}", known.VolumeId, () => BringAsync(known, instance, machine, cancellationToken)).ConfigureAwait(false);
            await CheckAsync(known, volume, machine, cancellationToken).ConfigureAwait(false);
            brought.Add(known with { VolumeId = volume.VolumeId, Zone = volume.AvailabilityZone });
        }

        var before = facts.Volumes;
        RecoveryFacts now = facts with { Volumes = brought };
        if (!before.SequenceEqual(brought))
            await write(now).ConfigureAwait(false);
        foreach (JobVolume current in brought)
            await EndSupersededAsync(current, cancellationToken).ConfigureAwait(false);
        return now;
    }

    private async Task SaveAsync(JobVolume known, string instanceId, ISshSession ssh, CancellationToken cancellationToken)
    {
        var attempt = $"{facts.Last.Number}";
        if (await _query.TryByIdAsync(known.VolumeId, cancellationToken).ConfigureAwait(false) is not { } volume || VolumeFacts.InstanceOf(volume) != instanceId
            || (await _volumes.SnapshotsAsync(job.Id, known.Key, cancellationToken).ConfigureAwait(false)).Exists(s => s.Tags.Exists(t => t.Key == TagNames.SavedOf && t.Value == attempt)))
            return;
        Snapshot snapshot = await new SnapshotMaker(session, connector, report).CreateAsync(
            volume,
            new SnapshotRequest
            {
                Description = SnapshotDescription(job, known, attempt),
                Tags = SnapshotTags(known),
                IsOurs = true,
            },
            ssh, cancellationToken).ConfigureAwait(false);
        report?.Report(new VerboseReport($"{snapshot.SnapshotId} of {known.Name ?? known.VolumeId} is being taken."));
    }

    /// <summary>What tells whose a volume is.</summary>
    internal static Dictionary<string, string> Tags(Job job, JobVolume known) => new(StringComparer.Ordinal)
    {
        [TagNames.JobId] = job.Id,
        [TagNames.Job] = job.Name,
        [TagNames.JobVolume] = known.Key,
    };

    /// <summary>What people read of a snapshot.</summary>
    internal static string SnapshotDescription(Job job, JobVolume known, string attempt) =>
        $"{known.Name ?? known.VolumeId} of job {job.Id} when machine {attempt} was taken away";

    /// <summary>The name of a volume that has given its own to the one that follows it.</summary>
    internal static string FormerName(Job job, string name, string number) => $"{name} (machine {number} of {job.Id})";

    private Dictionary<string, string> SnapshotTags(JobVolume known) => new(Tags(job, known)) { [TagNames.SavedOf] = $"{facts.Last.Number}" };

    private async Task<Volume> BringAsync(JobVolume known, Instance instance, JobMachine machine, CancellationToken cancellationToken)
    {
        var mounter = new VolumeMounter(session, connector, report);
        var request = new MountRequest
        {
            MountPoint = known.MountPoint,
            Persist = known.Persists,
            DeleteOnTermination = false,
            KeyFile = machine.Ssh.KeyFile,
            User = machine.Ssh.User,
        };
        List<Volume> all = await OfJobAsync(known, cancellationToken).ConfigureAwait(false);

        // Somebody came as far as this before.
        if (all.Find(v => VolumeFacts.InstanceOf(v) == instance.InstanceId) is { } here)
            return await mounter.MountAsync(here, instance, request, cancellationToken).ConfigureAwait(false);

        string zone = instance.Placement.AvailabilityZone;
        if (await _query.TryByIdAsync(known.VolumeId, cancellationToken).ConfigureAwait(false) is { } own && VolumeFacts.StateOf(own) is not ("deleting" or "deleted" or "error"))
        {
            // Another job on the same machine had it mounted too, and was faster.
            if (VolumeFacts.InstanceOf(own) is { } holder && facts.Attempts.All(a => a.InstanceId != holder))
                return await CopyAsync(known, own, await SnapshotOfUsedAsync(known, own, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            own = await FreeAsync(own, machine, cancellationToken).ConfigureAwait(false);
            return own.AvailabilityZone == zone
                ? await mounter.MountAsync(own, instance, request, cancellationToken).ConfigureAwait(false)
                : await new VolumeMove(session, mounter, report) { KeepsOld = true, SnapshotTags = SnapshotTags(known) }
                    .MoveAsync(own, instance, request, cancellationToken).ConfigureAwait(false);
        }

        Snapshot newest = (await _volumes.SnapshotsAsync(job.Id, known.Key, cancellationToken).ConfigureAwait(false)).Find(s => SnapshotFacts.StateOf(s) != "error")
            ?? throw new Fe2Exception(
                "JobVolumeLost", Fe2ErrorKind.NotFound, $"The volume {known.Name ?? known.VolumeId} of the job {job.Name} is gone, and there is no snapshot of it.",
                $"Restore-Fe2Volume {known.Name ?? known.VolumeId} brings it back from a backup, if there is one; then start the script again.", known.VolumeId);
        report?.Report(new WarningReport($"{known.Name ?? known.VolumeId} is gone; the job goes on with what {newest.SnapshotId} of {newest.StartTime:u} holds."));
        return await CopyAsync(known, Like(known, newest), newest).ConfigureAwait(false);

        async Task<Volume> CopyAsync(JobVolume known, Volume like, Snapshot snapshot)
        {
            SnapshotSelection done = await new SnapshotWaiter(session, report).WaitAsync([snapshot], null, cancellationToken).ConfigureAwait(false);
            if (done.Problems.Count > 0)
                throw done.Problems[0];
            Volume copy = await new VolumeMaker(session, connector, report).CopyAsync(
                like, snapshot.SnapshotId, zone,
                Tags(job, known), cancellationToken).ConfigureAwait(false);
            try
            {
                return await mounter.MountAsync(copy, instance, request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException and not Fe2Exception { Id: "NotPersistent" })
            {
                Fe2Exception failure = ErrorTranslation.Translate(e, session, $"mount {VolumeFacts.Label(copy)}", copy.VolumeId);
                throw new Fe2Exception(
                    failure.Id, failure.Kind, $"{failure.Message} {await new VolumeRemoval(session).EndAsync(copy).ConfigureAwait(false)}", failure.NextStep, copy.VolumeId, e);
            }
        }
    }

    private async Task<Snapshot> SnapshotOfUsedAsync(JobVolume known, Volume volume, CancellationToken cancellationToken) =>
        await new SnapshotMaker(session, connector, report).CreateAsync(
            volume, new SnapshotRequest { Description = $"{known.Name ?? known.VolumeId} for job {job.Id}", Tags = SnapshotTags(known), IsOurs = true }, cancellationToken).ConfigureAwait(false);

    private static Volume Like(JobVolume known, Snapshot snapshot) => new()
    {
        VolumeId = known.VolumeId,
        Size = snapshot.VolumeSize,
        VolumeType = VolumeType.Gp3,
        Encrypted = snapshot.Encrypted,
        Tags = known.Name is null ? [] : [new Tag(TagNames.Name, known.Name)],
    };

    /// <summary>
    /// Until nothing has the volume any more. A machine that still answers writes everything out first; from one that does not, or is
    /// ending, it is taken. Before this nothing of the job runs there any more.
    /// </summary>
    private async Task<Volume> FreeAsync(Volume volume, JobMachine like, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + FreeLimit;
        bool wasAsked = false;
        for (int n = 0; ; n++)
        {
            Volume now = await _query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false) ?? throw StorageErrors.VolumeNotFound(volume.VolumeId, session.Region);
            if (VolumeFacts.AttachmentOf(now) is not { } attachment)
            {
                if (VolumeFacts.StateOf(now) == "available")
                    return now;
            }
            else if (!wasAsked)
            {
                wasAsked = true;
                if (await TryDismountAsync(now, like, cancellationToken).ConfigureAwait(false) is { } free)
                    return free;
                continue;
            }
            else if (attachment.State?.Value != "detaching" || n == 10)
            {
                await TryTakeAsync(now, cancellationToken).ConfigureAwait(false);
            }

            if (session.Clock.GetUtcNow() >= end)
                throw StorageErrors.Stuck(now, "available", FreeLimit);
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Volume?> TryDismountAsync(Volume volume, JobMachine like, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DismountLimit);
        try
        {
            return await new VolumeMounter(session, connector, report).DismountAsync(volume, force: true, like.Ssh.KeyFile, like.Ssh.User, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (JobVolumes.IsCloud(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            report?.Report(new VerboseReport($"{VolumeFacts.Label(volume)} is taken from its machine as it is: {e.Message}"));
            return null;
        }
    }

    private async Task TryTakeAsync(Volume volume, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = volume.VolumeId, Force = true }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is { } code && code.StartsWith("Incorrect", StringComparison.Ordinal))
        {
            // It is changing by itself; the next look tells.
        }
    }

    /// <summary>Mounted where the script expects it, with the file system that it had.</summary>
    private async Task CheckAsync(JobVolume known, Volume volume, JobMachine machine, CancellationToken cancellationToken)
    {
        await using ISshSession ssh = await connector.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
        if (await JobVolumes.PlaceAsync(ssh, volume, cancellationToken).ConfigureAwait(false) is not { } place || place.Point != known.MountPoint || place.Type != known.FileSystem)
        {
            throw new Fe2Exception(
                "JobVolumeNotThere", Fe2ErrorKind.OperationFailed, $"{VolumeFacts.Label(volume)} is not on {known.MountPoint} of {machine.Name} as it was before.",
                "Look at it there (lsblk, dmesg). Nothing of the old volume was removed.", volume.VolumeId);
        }
    }

    /// <summary>What came before, and what somebody made on the way who did not get to its end. Never fails.</summary>
    private async Task EndSupersededAsync(JobVolume current, CancellationToken cancellationToken)
    {
        try
        {
            foreach (Volume volume in (await OfJobAsync(current, cancellationToken).ConfigureAwait(false)).Where(v => v.VolumeId != current.VolumeId && VolumeFacts.AttachmentOf(v) is null))
            {
                if (facts.Options.KeepVolume)
                    await KeepAsync(volume, cancellationToken).ConfigureAwait(false);
                else
                    await new VolumeRemoval(session).RemoveAsync(volume, cancellationToken).ConfigureAwait(false);
            }

            if (!facts.Options.KeepVolume)
                await _volumes.RemoveSnapshotsAsync(job.Id, current.Key, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (JobVolumes.IsCloud(e))
        {
            report?.Report(new WarningReport($"What came before {current.Name ?? current.VolumeId} may be left and cost money ({e.Message.TrimEnd('.')}). Get-Fe2Volume -Orphan and Get-Fe2Snapshot show it."));
        }
    }

    /// <summary>It stays as the volume of a machine that is gone: by the job's tags, under a name of its own.</summary>
    private async Task KeepAsync(Volume volume, CancellationToken cancellationToken)
    {
        await session.Ec2.CreateTagsAsync(
            new CreateTagsRequest
            {
                Resources = [volume.VolumeId],
                Tags = [new Tag(TagNames.Name, FormerName(job, VolumeFacts.NameOf(volume) ?? volume.VolumeId, $"{facts.Last.Number - 1}"))],
            },
            cancellationToken).ConfigureAwait(false);
        await session.Ec2.DeleteTagsAsync(
            new DeleteTagsRequest { Resources = [volume.VolumeId], Tags = [new Tag { Key = TagNames.JobVolume }] }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<List<Volume>> OfJobAsync(JobVolume known, CancellationToken cancellationToken) =>
        (await _query.ByFiltersAsync(
            [InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id]), InstanceQuery.Filter($"tag:{TagNames.JobVolume}", [known.Key])], cancellationToken).ConfigureAwait(false))
            .FindAll(v => VolumeFacts.StateOf(v) is not ("deleting" or "deleted" or "error"));
}
