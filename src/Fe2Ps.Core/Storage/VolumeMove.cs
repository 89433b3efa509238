using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>
/// Takes a volume to another zone: a snapshot, a new volume of it there, mounted; then the old one and the snapshot are removed. Until
/// the new one is mounted the old one stays as it is, whatever happens.
/// </summary>
internal sealed class VolumeMove(Fe2Session session, VolumeMounter mounter, IProgress<Fe2Report>? report)
{
    /// <summary>Leaves the old volume to the caller, who has more to look at before it may go.</summary>
    public bool KeepsOld { get; init; }

    /// <summary>Tags of this module's own for the snapshot.</summary>
    public IReadOnlyDictionary<string, string> SnapshotTags { get; init; } = new Dictionary<string, string>();

    /// <summary>Moves and mounts. Raw errors.</summary>
    public async Task<Volume> MoveAsync(Volume volume, Instance instance, MountRequest request, CancellationToken cancellationToken)
    {
        if (VolumeFacts.StateOf(volume) != "available")
            throw StorageErrors.NotAvailable(volume);
        string activity = $"Moving {VolumeFacts.Label(volume)} to {instance.Placement?.AvailabilityZone}";
        // The session of the new machine is not needed for the snapshot: the volume is attached to nothing.
        var snapshots = new SnapshotMaker(session, mounter.Connector, report);
        report?.Report(new ProgressReport(activity, "Taking a snapshot", 5));
        Snapshot snapshot = await snapshots.CreateAsync(
            volume, new SnapshotRequest { NoFreeze = true, Description = $"On the way of {volume.VolumeId} to another zone, by Fe2Ps", Tags = SnapshotTags, IsOurs = true }, cancellationToken).ConfigureAwait(false);
        Volume? copy = null;
        Volume? mounted = null;
        Fe2Exception? notPersistent = null;
        try
        {
            SnapshotSelection done = await new SnapshotWaiter(session, report).WaitAsync([snapshot], null, cancellationToken).ConfigureAwait(false);
            if (done.Problems.Count > 0)
                throw done.Problems[0];
            report?.Report(new ProgressReport(activity, "Making the new volume", 60));
            copy = await new VolumeMaker(session, mounter.Connector, report).CopyAsync(
                volume, snapshot.SnapshotId, instance.Placement!.AvailabilityZone, TagsOf(volume), cancellationToken).ConfigureAwait(false);
            MountRequest there = request with { Move = false, MountPoint = request.MountPoint ?? VolumeFacts.MountPointOf(volume) };
            mounted = await mounter.MountAsync(copy, instance, there, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport(
                $"Interrupted. {VolumeFacts.Label(volume)} is as it was. {snapshot.SnapshotId}{(copy is null ? "" : $" and {copy.VolumeId}")} exist and cost money; Remove-Fe2Snapshot and Remove-Fe2Volume remove them."));
            throw;
        }
        catch (Fe2Exception e) when (copy is not null && e.Id == "NotPersistent")
        {
            // Moved, mounted and of use; only the next start will not know it.
            notPersistent = e;
        }
        catch (Exception e)
        {
            Fe2Exception failure = ErrorTranslation.Translate(e, session, $"move {VolumeFacts.Label(volume)}", volume.VolumeId);
            string end = copy is null ? "" : " " + await new VolumeRemoval(session).EndAsync(copy).ConfigureAwait(false);
            throw new Fe2Exception(
                failure.Id, failure.Kind, $"{failure.Message} {VolumeFacts.Label(volume)} is as it was.{end} {await snapshots.EndAsync(snapshot).ConfigureAwait(false)}",
                failure.NextStep, volume.VolumeId, e);
        }

        if (KeepsOld)
            return mounted ?? throw notPersistent!;
        report?.Report(new ProgressReport(activity, "Removing the old volume", 95));
        await EndOldAsync(volume, snapshot, snapshots, cancellationToken).ConfigureAwait(false);
        return mounted ?? throw notPersistent!;
    }

    private async Task EndOldAsync(Volume volume, Snapshot snapshot, SnapshotMaker snapshots, CancellationToken cancellationToken)
    {
        try
        {
            await new VolumeRemoval(session).RemoveAsync(volume, cancellationToken).ConfigureAwait(false);
            string end = await snapshots.EndAsync(snapshot).ConfigureAwait(false);
            if (end.StartsWith("WARNING", StringComparison.Ordinal))
                report?.Report(new WarningReport(end));
        }
        catch (Exception e) when (e is Fe2Exception or AmazonServiceException or OperationCanceledException)
        {
            report?.Report(new WarningReport(
                $"The volume was moved, but the old one, {volume.VolumeId}, and {snapshot.SnapshotId} could not be removed and cost money ({e.Message.TrimEnd('.')}). "
                + $"Run: Remove-Fe2Volume {volume.VolumeId}; Remove-Fe2Snapshot {snapshot.SnapshotId}"));
        }
    }

    /// <summary>The tags that go with the data; those of the old volume's own making stay with it, and EC2 sets its own.</summary>
    internal static Dictionary<string, string> TagsOf(Volume volume) => volume.Tags
        .Where(t => t.Key is not (TagNames.Name or TagNames.Request or TagNames.Owner) && !t.Key.StartsWith("aws:", StringComparison.Ordinal))
        .ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);
}
