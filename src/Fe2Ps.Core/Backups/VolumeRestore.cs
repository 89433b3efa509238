using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Backups;

/// <summary>Makes a volume of a snapshot and puts it beside the one that the snapshot is of, or in its place. That one is never changed and never removed.</summary>
public sealed class VolumeRestore(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    private const string Replaced = "-replaced";

    private readonly VolumeQuery volumes = new(session);
    private readonly VolumeMaker maker = new(session, connector, report);
    private readonly VolumeMounter mounter = new(session, connector, report);
    private readonly VolumeRemoval removal = new(session);

    /// <summary>Restores.</summary>
    /// <returns>The new volume: mounted, or <c>available</c> where there is no instance to mount it on.</returns>
    /// <exception cref="Fe2Exception">
    /// <c>ZoneWithInstance</c>, <c>MountPointWithoutInstance</c>, <c>NewNameWithReplace</c>, <c>ForceWithoutReplace</c>, <c>AtWithSnapshot</c>, <c>InstanceNotRunning</c>,
    /// <c>SnapshotNotFound</c>, <c>SnapshotNotReady</c>, <c>VolumeNotFound</c>, <c>VolumeBusy</c>, and those of mounting. The old volume is where it was then.
    /// </exception>
    public Task<Volume> RestoreAsync(RestoreRequest request, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"restore {request.Volume}", request.Volume, async () =>
        {
            request.Check();
            Volume? old = await FindAsync(request.Volume, cancellationToken).ConfigureAwait(false);
            if (request.Replace && old is null)
                throw StorageErrors.VolumeNotFound(request.Volume, session.Region);
            if (request.Replace && VolumeFacts.IsRoot(old!))
                throw StorageErrors.IsRoot(old!);
            Snapshot snapshot = request.Snapshot is { } named
                ? await new SnapshotQuery(session).GetAsync(named, cancellationToken).ConfigureAwait(false)
                : await NewestAsync(request, old, cancellationToken).ConfigureAwait(false);
            report?.Report(new VerboseReport($"Restoring {request.Volume} from {SnapshotFacts.Label(snapshot)} of {Text(snapshot.StartTime)}."));
            Instance? holder = await HolderAsync(old, cancellationToken).ConfigureAwait(false);
            CheckPlace(request, holder, snapshot);
            Instance? instance = request.Instance ?? holder;
            return request.Replace
                ? await ReplaceAsync(old!, snapshot, instance, request, cancellationToken).ConfigureAwait(false)
                : await BesideAsync(old, snapshot, instance, request, cancellationToken).ConfigureAwait(false);
        });

    /// <summary>Refuses what nobody would use, before anything is made.</summary>
    private static void CheckPlace(RestoreRequest request, Instance? holder, Snapshot snapshot)
    {
        if (request.Instance is { } named && InstanceFacts.StateOf(named) != "running")
            throw StorageErrors.NotRunning(named);
        if (request.Instance is not null)
            return;
        if (request.Zone is { } zone && holder is not null)
            throw StorageErrors.ZoneOfHolder(zone, holder, snapshot.SnapshotId);
        if (request.MountPoint is { } point && (holder is null || InstanceFacts.StateOf(holder) != "running"))
            throw StorageErrors.MountPointUnused(point, holder);
    }

    private Task<Volume> BesideAsync(Volume? old, Snapshot snapshot, Instance? instance, RestoreRequest request, CancellationToken cancellationToken) =>
        MakeAsync(old, snapshot, request, instance, instance is not null && InstanceFacts.StateOf(instance) == "running" ? instance : null, cancellationToken);

    /// <summary>The new volume is made first, so that its place is empty for a moment only; when it cannot be mounted, the old one is again.</summary>
    private async Task<Volume> ReplaceAsync(Volume old, Snapshot snapshot, Instance? instance, RestoreRequest request, CancellationToken cancellationToken)
    {
        bool isMounted = VolumeFacts.AttachmentOf(old) is not null;
        if (instance is not null && InstanceFacts.StateOf(instance) != "running")
            throw StorageErrors.NotRunning(instance);
        Volume made = await MakeAsync(old, snapshot, request, instance, null, cancellationToken).ConfigureAwait(false);
        bool persists = false;
        bool keeps = VolumeFacts.AttachmentOf(old)?.DeleteOnTermination != true;
        bool isFree = !isMounted;
        Fe2Exception? notPersistent = null;
        try
        {
            if (isMounted)
            {
                persists = await PersistsAsync(old, request, cancellationToken).ConfigureAwait(false);
                await mounter.DismountAsync(old, request.Force, request.KeyFile, request.User, cancellationToken).ConfigureAwait(false);
                isFree = true;
            }

            if (instance is not null)
                made = await mounter.MountAsync(made, instance, Mount(request.MountPoint ?? VolumeFacts.MountPointOf(old)), cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e) when (e.Id == "NotPersistent")
        {
            notPersistent = e;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport(
                $"Interrupted. {VolumeFacts.Label(old)} is {(isFree ? "dismounted and " : "")}as it was. The new volume {VolumeFacts.Label(made)} exists and costs money; Remove-Fe2Volume {made.VolumeId} removes it."));
            throw;
        }
        catch (Exception e)
        {
            Fe2Exception failure = ErrorTranslation.Translate(e, session, $"restore {VolumeFacts.Label(old)}", old.VolumeId);
            string back = isMounted && isFree ? " " + await BackAsync(old, Mount(VolumeFacts.MountPointOf(old))).ConfigureAwait(false) : "";
            string end = await removal.EndAsync(made).ConfigureAwait(false);
            throw new Fe2Exception(failure.Id, failure.Kind, $"{failure.Message}{back} {end}", failure.NextStep, old.VolumeId, e);
        }

        made = await TradeNamesAsync(old, made, cancellationToken).ConfigureAwait(false);
        return notPersistent is null ? made : throw notPersistent;

        MountRequest Mount(string? point) =>
            new() { MountPoint = point, Persist = persists, DeleteOnTermination = isMounted ? !keeps : false, KeyFile = request.KeyFile, User = request.User };
    }

    private async Task<Volume> MakeAsync(Volume? old, Snapshot snapshot, RestoreRequest request, Instance? near, Instance? on, CancellationToken cancellationToken)
    {
        string name = old is null ? (request.Volume.StartsWith("vol-", StringComparison.Ordinal) ? SnapshotFacts.NameOf(snapshot) ?? request.Volume : request.Volume)
            : VolumeFacts.NameOf(old) ?? old.VolumeId;
        string type = old?.VolumeType?.Value ?? "gp3";
        return await maker.MakeAsync(
            new VolumeRequest
            {
                Name = request.NewName ?? await FreeNameAsync(old is null && !name.StartsWith("vol-", StringComparison.Ordinal) ? name : $"{name}-restored", cancellationToken).ConfigureAwait(false),
                Size = old?.Size > snapshot.VolumeSize ? old.Size : null,
                Snapshot = snapshot.SnapshotId,
                Instance = on,
                Zone = near?.Placement?.AvailabilityZone ?? request.Zone ?? old?.AvailabilityZone,
                Type = type,
                Iops = type is "gp3" or "io1" or "io2" ? old?.Iops : null,
                Throughput = type == "gp3" ? old?.Throughput : null,
                KeepOnTermination = true,
                Mount = new MountRequest { MountPoint = request.MountPoint, KeyFile = request.KeyFile, User = request.User },
                Tags = (old?.Tags ?? snapshot.Tags ?? []).Where(t => IsUsers(t.Key)).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The name, and the backups that the old volume is under, go over to the new one.</summary>
    private async Task<Volume> TradeNamesAsync(Volume old, Volume made, CancellationToken cancellationToken)
    {
        List<Tag> backups = old.Tags.FindAll(t => BackupTags.IsTarget(t.Key));
        if (VolumeFacts.NameOf(old) is { } name)
        {
            await TagAsync(old, new Tag(TagNames.Name, await FreeNameAsync(name + Replaced, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
            await TagAsync(made, [new Tag(TagNames.Name, name), .. backups]).ConfigureAwait(false);
        }
        else if (backups.Count > 0)
        {
            await TagAsync(made, [.. backups]).ConfigureAwait(false);
        }

        if (backups.Count > 0)
        {
            await session.Ec2.DeleteTagsAsync(
                new DeleteTagsRequest { Resources = [old.VolumeId], Tags = [.. backups.Select(t => new Tag { Key = t.Key })] }, cancellationToken).ConfigureAwait(false);
        }

        Volume now = await volumes.TryByIdAsync(made.VolumeId, cancellationToken).ConfigureAwait(false) ?? made;
        report?.Report(new WarningReport(
            $"{VolumeFacts.Label(now)} has taken the place of {old.VolumeId}, which is kept as it was and costs money. Remove-Fe2Volume {old.VolumeId} removes it when it is not needed any more."));
        return now;

        Task TagAsync(Volume volume, params List<Tag> tags) =>
            session.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [volume.VolumeId], Tags = tags }, cancellationToken);
    }

    private async Task<string> BackAsync(Volume old, MountRequest request)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3), session.Clock);
            Volume now = await volumes.TryByIdAsync(old.VolumeId, limit.Token).ConfigureAwait(false) ?? old;
            if (await HolderAsync(old, limit.Token).ConfigureAwait(false) is not { } instance)
                return $"{VolumeFacts.Label(old)} is free: Mount-Fe2Volume {old.VolumeId} mounts it again.";
            await mounter.MountAsync(now, instance, request, limit.Token).ConfigureAwait(false);
            return $"{VolumeFacts.Label(old)} is mounted again as it was.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"{VolumeFacts.Label(old)} is as it was, but could not be mounted again ({e.Message.TrimEnd('.')}): Mount-Fe2Volume {old.VolumeId}.";
        }
    }

    /// <summary>Whether the machine mounts it at each start; dismounting takes that away.</summary>
    private async Task<bool> PersistsAsync(Volume volume, RestoreRequest request, CancellationToken cancellationToken)
    {
        if (await HolderAsync(volume, cancellationToken).ConfigureAwait(false) is not { } holder || InstanceFacts.StateOf(holder) != "running")
            return false;
        await using ISshSession ssh = await mounter.SshAsync(holder, request.KeyFile, request.User, cancellationToken).ConfigureAwait(false);
        SshResult result = await ssh.RunAsync($"grep -qF {ShellQuote.Quote($"x-fe2.volume={volume.VolumeId}")} /etc/fstab", null, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0;
    }

    private async Task<Instance?> HolderAsync(Volume? volume, CancellationToken cancellationToken) =>
        volume is not null && VolumeFacts.InstanceOf(volume) is { } id
            ? (await new InstanceQuery(session).ByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrDefault() : null;

    private async Task<Volume?> FindAsync(string nameOrId, CancellationToken cancellationToken)
    {
        try
        {
            return await volumes.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e) when (e.Id == "VolumeNotFound")
        {
            return null;
        }
    }

    /// <summary>The newest of the volume's own snapshots and of those of its name that can be of it: a volume that was restored before has another id.</summary>
    private async Task<Snapshot> NewestAsync(RestoreRequest request, Volume? old, CancellationToken cancellationToken)
    {
        var query = new SnapshotQuery(session);
        var found = new List<Snapshot>();
        string? id = old?.VolumeId ?? (VolumeQuery.IsId(request.Volume) ? request.Volume : null);
        if (id is not null)
            found.AddRange(await query.ByFiltersAsync([InstanceQuery.Filter("volume-id", [id])], cancellationToken).ConfigureAwait(false));
        if (!VolumeQuery.IsId(request.Volume))
            found.AddRange(await OfNameAsync(query, request.Volume, id, cancellationToken).ConfigureAwait(false));
        Snapshot[] usable = [.. found.DistinctBy(s => s.SnapshotId).Where(s => SnapshotFacts.StateOf(s) != "error").OrderByDescending(s => s.StartTime)];
        Snapshot[] inTime = request.At is { } at ? [.. usable.Where(s => s.StartTime?.ToUniversalTime() <= at.UtcDateTime)] : usable;
        if (inTime.Length == 0)
        {
            throw usable.Length == 0
                ? new Fe2Exception(
                    "SnapshotNotFound", Fe2ErrorKind.NotFound, $"There is no snapshot of a volume '{request.Volume}' in {session.Region}.",
                    "Get-Fe2Snapshot lists them; New-Fe2Volume -Snapshot makes a volume of any of them.", request.Volume)
                : new Fe2Exception(
                    "SnapshotNotFound", Fe2ErrorKind.NotFound,
                    $"-At {Text(request.At!.Value.UtcDateTime)}: there is no snapshot of '{request.Volume}' from before then; the oldest is of {Text(usable[^1].StartTime)}.",
                    "Name a later time, or leave -At out for the newest.", request.Volume);
        }

        return SnapshotFacts.StateOf(inTime[0]) == "completed"
            ? inTime[0] : throw StorageErrors.SnapshotNotReady(inTime[0], inTime.FirstOrDefault(s => SnapshotFacts.StateOf(s) == "completed"));
    }

    /// <summary>
    /// The snapshots of a volume's name that can be of it. A machine's image and its disks have the machine's name, and a snapshot may be given any:
    /// those of images, and of another volume that there is, are of something else.
    /// </summary>
    private async Task<IEnumerable<Snapshot>> OfNameAsync(SnapshotQuery query, string name, string? id, CancellationToken cancellationToken)
    {
        List<Snapshot> called = await query.ByFiltersAsync([InstanceQuery.Filter("tag:Name", [InstanceQuery.ServerPattern(name)])], cancellationToken).ConfigureAwait(false);
        called.RemoveAll(s => SnapshotFacts.NameOf(s) != name || (s.VolumeId != id && s.Tags?.Exists(t => t.Key == ImageFreezer.FreezeTag) == true));
        string[] ofOthers = [.. called.Select(s => s.VolumeId).Where(v => v != id).Distinct(StringComparer.Ordinal)];
        if (ofOthers.Length == 0)
            return called;
        var others = new List<Volume>();
        foreach (string[] few in ofOthers.Chunk(InstanceQuery.FilterValues))
            others.AddRange(await volumes.ByFiltersAsync([InstanceQuery.Filter("volume-id", few)], cancellationToken).ConfigureAwait(false));
        HashSet<string> strangers = [.. others.Where(v => VolumeFacts.StateOf(v) is not ("deleting" or "deleted") && !IsFormer(v, name)).Select(v => v.VolumeId)];
        HashSet<string> ofImages = [.. (await new ImageFinder(session).OwnAsync(cancellationToken).ConfigureAwait(false)).SelectMany(ImageFacts.SnapshotIds)];
        return called.Where(s => s.VolumeId == id || !(strangers.Contains(s.VolumeId) || ofImages.Contains(s.SnapshotId)));
    }

    /// <summary>True for a volume whose place and name another has taken: what was taken of it is of the same data.</summary>
    private static bool IsFormer(Volume volume, string name)
    {
        string former = name + Replaced;
        return VolumeFacts.NameOf(volume) is { } called && (called == former
            || (called.StartsWith(former + "-", StringComparison.Ordinal) && called.AsSpan(former.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0));
    }

    private async Task<string> FreeNameAsync(string wish, CancellationToken cancellationToken)
    {
        HashSet<string?> taken =
        [
            .. (await volumes.ByFiltersAsync(
                [InstanceQuery.Filter("tag:Name", [InstanceQuery.ServerPattern(wish), InstanceQuery.ServerPattern(wish) + "-*"])], cancellationToken).ConfigureAwait(false))
                .Where(v => VolumeFacts.StateOf(v) is not ("deleting" or "deleted")).Select(VolumeFacts.NameOf),
        ];
        string name = wish;
        for (int n = 2; taken.Contains(name); n++)
            name = string.Create(CultureInfo.InvariantCulture, $"{wish}-{n}");
        return name;
    }

    private static bool IsUsers(string key) =>
        key != TagNames.Name && !key.StartsWith("fe2:", StringComparison.Ordinal) && !key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) && !key.StartsWith("dlm:", StringComparison.Ordinal);

    private static string Text(DateTime? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture) ?? "an unknown time";
}
