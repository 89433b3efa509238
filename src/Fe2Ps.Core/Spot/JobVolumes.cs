using System.Diagnostics.CodeAnalysis;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// Holds the volumes of a job for as long as it lives: they do not end with a machine that is taken away, and their tags say whose they
/// are. <see cref="JobVolumeMove"/> brings them to the next machine.
/// </summary>
public sealed class JobVolumes(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    private readonly VolumeQuery _query = new(session);
    private readonly VolumeMounter _mounter = new(session, connector, report);

    /// <summary>The data volumes that a machine has mounted, by mount point. What this module could not mount elsewhere is left out, with a warning.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="persist">Sees to it that each start of the machine mounts them: it may be stopped and started while the job lives.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public Task<IReadOnlyList<JobVolume>> FindAsync(JobMachine machine, bool persist = false, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<JobVolume>>("look at the machine's volumes", machine.Id, async () =>
        {
            var found = new List<JobVolume>();
            List<Volume> attached = await AttachedAsync(machine.Id, cancellationToken).ConfigureAwait(false);
            if (attached.Count == 0)
                return found;
            await using ISshSession ssh = await connector.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
            foreach (Volume volume in attached)
            {
                if (await PlaceAsync(ssh, volume, cancellationToken).ConfigureAwait(false) is not { } seen)
                    continue;
                var place = seen;
                try
                {
                    new MountRequest { MountPoint = place.Point }.Check();
                }
                catch (Fe2Exception e)
                {
                    report?.Report(new WarningReport($"{VolumeFacts.Label(volume)} does not follow the job to another machine: {e.Message}"));
                    continue;
                }

                if (persist && !place.Persists)
                {
                    await PersistAsync(volume, place.Point, machine, cancellationToken).ConfigureAwait(false);
                    place.Persists = true;
                }

                found.Add(new JobVolume(volume.VolumeId, volume.VolumeId, volume.AvailabilityZone, place.Point, place.Type)
                {
                    Name = VolumeFacts.NameOf(volume),
                    Persists = place.Persists,
                    EndsWithMachine = VolumeFacts.AttachmentOf(volume)?.DeleteOnTermination == true,
                });
            }

            // A file system on another one's folder is mounted after it.
            return [.. found.OrderBy(v => v.MountPoint, StringComparer.Ordinal)];
        });

    /// <summary>Mounted already: only its line for the next start is written.</summary>
    private async Task PersistAsync(Volume volume, string point, JobMachine machine, CancellationToken cancellationToken)
    {
        Instance instance = await new InstanceQuery(session).GetAsync(machine.Id, cancellationToken).ConfigureAwait(false);
        await _mounter.MountAsync(
            volume, instance, new MountRequest { MountPoint = point, Persist = true, KeyFile = machine.Ssh.KeyFile, User = machine.Ssh.User }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// What <c>-KeepVolume</c> keeps of a job that stays on its machine: the data volumes, else the disk that the machine boots from.
    /// </summary>
    public Task<IReadOnlyList<JobVolume>> ToKeepAsync(JobMachine machine, CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<JobVolume>>("look at the machine's volumes", machine.Id, async () =>
        {
            List<Volume> attached = await AttachedAsync(machine.Id, cancellationToken).ConfigureAwait(false);
            if (attached.Count == 0)
                attached = await _query.ByFiltersAsync([InstanceQuery.Filter("attachment.instance-id", [machine.Id])], cancellationToken).ConfigureAwait(false);
            return
            [
                .. attached.Select(v => new JobVolume(v.VolumeId, v.VolumeId, v.AvailabilityZone, VolumeFacts.MountPointOf(v) ?? "", "")
                {
                    Name = VolumeFacts.NameOf(v),
                    EndsWithMachine = VolumeFacts.AttachmentOf(v)?.DeleteOnTermination == true,
                }),
            ];
        });

    /// <summary>From now on the volumes outlive their machine, and are found by the job.</summary>
    public Task HoldAsync(IReadOnlyList<JobVolume> volumes, string jobId, string jobName, CancellationToken cancellationToken = default) =>
        session.GuardAsync("hold the job's volumes", jobId, async () =>
        {
            foreach (JobVolume volume in volumes)
            {
                // The tags first: what outlives its machine has a name by which it is found.
                await session.Ec2.CreateTagsAsync(
                    new CreateTagsRequest
                    {
                        Resources = [volume.VolumeId],
                        Tags = [new Tag(TagNames.JobId, jobId), new Tag(TagNames.Job, jobName), new Tag(TagNames.JobVolume, volume.Key)],
                    },
                    cancellationToken).ConfigureAwait(false);
                await SetEndAsync(volume.VolumeId, endsWithMachine: false, cancellationToken).ConfigureAwait(false);
            }
        });

    /// <summary>As they were before. Never fails.</summary>
    public async Task ReleaseAsync(IReadOnlyList<JobVolume> volumes, CancellationToken cancellationToken = default)
    {
        foreach (JobVolume volume in volumes)
        {
            try
            {
                if (volume.EndsWithMachine)
                    await SetEndAsync(volume.VolumeId, endsWithMachine: true, cancellationToken).ConfigureAwait(false);
                await session.Ec2.DeleteTagsAsync(
                    new DeleteTagsRequest
                    {
                        Resources = [volume.VolumeId],
                        Tags = [new Tag { Key = TagNames.JobId }, new Tag { Key = TagNames.Job }, new Tag { Key = TagNames.JobVolume }],
                    },
                    cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsCloud(e) || e is OperationCanceledException)
            {
                report?.Report(new WarningReport($"{volume.Name ?? volume.VolumeId} does not end with its machine any more, and costs money afterwards; that could not be set back: {e.Message}"));
            }
        }
    }

    /// <summary>
    /// After the job: volumes that would have ended with their machine do so again, or are removed where it has ended already; snapshots
    /// that were taken on the way are removed. A job that did not finish keeps everything. Never fails.
    /// </summary>
    public async Task SettleAsync(Job job, RecoveryFacts facts, CancellationToken cancellationToken = default)
    {
        if (facts.Volumes.Count == 0 || facts.Options.KeepVolume)
            return;
        if (job.State != JobState.Finished)
        {
            report?.Report(new WarningReport(
                $"The job {job.Name} has not finished: {string.Join(", ", facts.Volumes.Select(v => v.Name ?? v.VolumeId))} stays with all that is on it, and costs money. Get-Fe2Volume shows it, Remove-Fe2Volume removes it."));
            return;
        }

        foreach (JobVolume volume in facts.Volumes)
        {
            try
            {
                await SettleAsync(volume, job, cancellationToken).ConfigureAwait(false);
                await RemoveSnapshotsAsync(job.Id, volume.Key, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsCloud(e))
            {
                report?.Report(new WarningReport($"{volume.Name ?? volume.VolumeId} may be left and cost money ({e.Message.TrimEnd('.')}). Get-Fe2Volume -Orphan shows it, Remove-Fe2Volume removes it."));
            }
        }
    }

    /// <summary>Removes the snapshots that were taken for a job's volume on its way. Those of a backup have other tags. Raw errors.</summary>
    internal async Task RemoveSnapshotsAsync(string jobId, string key, CancellationToken cancellationToken)
    {
        foreach (Snapshot snapshot in await SnapshotsAsync(jobId, key, cancellationToken).ConfigureAwait(false))
            await new SnapshotRemoval(session).RemoveAsync(snapshot, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The snapshots that were taken for a job's volume on its way, the newest first. Raw errors.</summary>
    internal async Task<List<Snapshot>> SnapshotsAsync(string jobId, string key, CancellationToken cancellationToken) =>
    [
        .. (await new SnapshotQuery(session).ByFiltersAsync(
            [
                InstanceQuery.Filter($"tag:{TagNames.JobId}", [jobId]),
                InstanceQuery.Filter($"tag:{TagNames.JobVolume}", [key]),
                InstanceQuery.Filter("tag-key", [TagNames.SavedOf]),
            ],
            cancellationToken).ConfigureAwait(false)).OrderByDescending(s => s.StartTime),
    ];

    /// <summary>Where a volume is mounted on the machine of this session, or null.</summary>
    internal static async Task<(string Point, string Type, bool Persists)?> PlaceAsync(ISshSession ssh, Volume volume, CancellationToken cancellationToken)
    {
        GuestDisk.Answer answer = await VolumeMounter.Disk(ssh, volume).WhereAsync(cancellationToken).ConfigureAwait(false);
        return answer["point"] is { } point ? (point, answer["type"] ?? "", answer["persists"] == "1") : null;
    }

    internal static bool IsCloud(Exception e) => e is Fe2Exception or AmazonServiceException or AmazonClientException or HttpRequestException or IOException;

    private async Task SettleAsync(JobVolume volume, Job job, CancellationToken cancellationToken)
    {
        Volume? now = await _query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false);
        if (!IsOf(job, now))
            return;
        if (!volume.EndsWithMachine)
        {
            // The roles of monitors reach no further than jobs do.
            await session.Ec2.DeleteTagsAsync(
                new DeleteTagsRequest { Resources = [volume.VolumeId], Tags = [new Tag { Key = TagNames.JobVolume }] }, cancellationToken).ConfigureAwait(false);
            return;
        }

        Instance? holder = VolumeFacts.InstanceOf(now) is { } id
            ? (await new InstanceQuery(session).ByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrDefault() : null;
        if (holder is not null && !InstanceFacts.IsEnding(holder))
        {
            await SetEndAsync(volume.VolumeId, endsWithMachine: true, cancellationToken).ConfigureAwait(false);
            if (job.OnExit != OnExit.Terminate)
                return;
            // It ends at about this moment: whether the word came in time is seen when the machine is gone.
            holder = await EndedAsync(holder, cancellationToken).ConfigureAwait(false);
            if (holder is not null)
                return;
        }

        Volume? left = await _query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false);
        if (!IsOf(job, left))
            return;
        string end = await new VolumeRemoval(session).EndAsync(left, isFresh: false).ConfigureAwait(false);
        if (end.StartsWith("WARNING", StringComparison.Ordinal))
            report?.Report(new WarningReport(end));
    }

    /// <summary>Whether a volume is there and is still this job's: another job may have mounted it, and has it then.</summary>
    private static bool IsOf(Job job, [NotNullWhen(true)] Volume? volume) =>
        volume is not null && VolumeFacts.StateOf(volume) is not ("deleting" or "deleted")
        && volume.Tags?.Any(t => t.Key == TagNames.JobId && t.Value == job.Id) == true;

    /// <summary>Waits for a machine that ends itself. Null when it has ended.</summary>
    private async Task<Instance?> EndedAsync(Instance instance, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + TimeSpan.FromMinutes(3);
        for (int n = 0; session.Clock.GetUtcNow() < end; n++)
        {
            IReadOnlyList<Instance> now = await new InstanceQuery(session).ByIdsAsync([instance.InstanceId], cancellationToken).ConfigureAwait(false);
            if (now is not [var one] || InstanceFacts.StateOf(one) == "terminated")
                return null;
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }

        return instance;
    }

    private async Task<List<Volume>> AttachedAsync(string instanceId, CancellationToken cancellationToken)
    {
        List<Volume> all = await _query.ByFiltersAsync([InstanceQuery.Filter("attachment.instance-id", [instanceId])], cancellationToken).ConfigureAwait(false);
        Instance? instance = (await new InstanceQuery(session).ByIdsAsync([instanceId], cancellationToken).ConfigureAwait(false)).FirstOrDefault();
        return all.FindAll(v => !VolumeFacts.IsRoot(v) && VolumeFacts.AttachmentOf(v) is { } a && a.Device != instance?.RootDeviceName);
    }

    private async Task SetEndAsync(string volumeId, bool endsWithMachine, CancellationToken cancellationToken)
    {
        if (await _query.TryByIdAsync(volumeId, cancellationToken).ConfigureAwait(false) is { } volume && VolumeFacts.AttachmentOf(volume) is { } attachment
            && attachment.DeleteOnTermination != endsWithMachine)
            await _mounter.SetDeleteOnTerminationAsync(volume, attachment.InstanceId, endsWithMachine, cancellationToken).ConfigureAwait(false);
    }
}
