using System.Globalization;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>What a volume is to become.</summary>
public sealed record VolumeChange
{
    /// <summary>GiB; null keeps it. A volume never gets smaller.</summary>
    public int? Size { get; init; }

    /// <summary>The volume type; null keeps it.</summary>
    public string? Type { get; init; }

    /// <summary>Operations a second; null keeps them.</summary>
    public int? Iops { get; init; }

    /// <summary>MiB/s; null keeps it.</summary>
    public int? Throughput { get; init; }

    /// <summary>The private key, or null for the one of the instance's key pair.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The login user, or null for the one that the instance's tags name.</summary>
    public string? User { get; init; }
}

/// <summary>Grows a volume, then its partition and its file system, while it is in use.</summary>
public sealed class VolumeGrowth(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    /// <summary>How long EC2 may go on telling what was before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly VolumeQuery query = new(session);

    /// <summary>
    /// Changes the volume, waits until the new size can be used (EC2 goes on optimizing it for hours, which hinders nothing), and grows the
    /// file system where it is mounted. A volume that has the size already, from a call that was cut, only has its file system grown.
    /// </summary>
    /// <returns>The volume as it is then.</returns>
    /// <exception cref="Fe2Exception"><c>SizeInvalid</c>, <c>VolumeChangedLately</c> (EC2 takes a new change only after six hours), <c>ModificationFailed</c>, <c>GrowFailed</c>.</exception>
    public Task<Volume> ChangeAsync(Volume volume, VolumeChange change, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"resize {VolumeFacts.Label(volume)}", volume.VolumeId, async () =>
        {
            Volume now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.VolumeNotFound(volume.VolumeId, session.Region);
            if (change.Size < now.Size)
            {
                throw StorageErrors.Invalid(
                    "Size", change.Size, $"{VolumeFacts.Label(now)} has {now.Size} GiB, and a volume cannot get smaller.",
                    "Make a smaller volume (New-Fe2Volume) and copy what you need.");
            }

            string activity = $"Resizing {VolumeFacts.Label(now)}";
            report?.Report(new ProgressReport(activity, "Asking EC2", 10));
            VolumeModification? order = IsChange(now, change) ? await ModifyAsync(now, change, cancellationToken).ConfigureAwait(false) : null;
            await UntilUsableAsync(now, order, activity, cancellationToken).ConfigureAwait(false);
            Volume changed = await UntilShownAsync(now, change, cancellationToken).ConfigureAwait(false);
            await GrowAsync(changed, change, activity, cancellationToken).ConfigureAwait(false);
            return changed;
        });

    private static bool IsChange(Volume volume, VolumeChange change) =>
        (change.Size ?? volume.Size) != volume.Size || (change.Type is { } type && type != volume.VolumeType?.Value)
        || (change.Iops is { } iops && iops != volume.Iops) || (change.Throughput is { } throughput && throughput != volume.Throughput);

    /// <returns>The change as EC2 took it; null where an order before this one had done it.</returns>
    private async Task<VolumeModification?> ModifyAsync(Volume volume, VolumeChange change, CancellationToken cancellationToken)
    {
        try
        {
            ModifyVolumeResponse answer = await session.Ec2.ModifyVolumeAsync(
                new ModifyVolumeRequest
                {
                    VolumeId = volume.VolumeId,
                    Size = change.Size,
                    VolumeType = change.Type is { } type ? VolumeType.FindValue(type) : null,
                    Iops = change.Iops,
                    Throughput = change.Throughput,
                },
                cancellationToken).ConfigureAwait(false);
            return answer.VolumeModification;
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is "VolumeModificationRateExceeded" or "IncorrectModificationState")
        {
            // The order may have arrived although its answer was lost: then it is under way, or done.
            if (await LastAsync(volume, cancellationToken).ConfigureAwait(false) is { } last && IsSame(last, change)
                && last.ModificationState?.Value is not "failed")
            {
                return last;
            }

            if (await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false) is { } now && !IsChange(now, change))
                return null;
            throw new Fe2Exception(
                "VolumeChangedLately", Fe2ErrorKind.InvalidState, $"{VolumeFacts.Label(volume)} was changed less than six hours ago, and EC2 takes a new change only then.",
                "Wait, or take a snapshot and make a larger volume of it: New-Fe2Snapshot, then New-Fe2Volume -Snapshot -Size.", volume.VolumeId, e);
        }
    }

    private static bool IsSame(VolumeModification modification, VolumeChange change) =>
        (change.Size is null || change.Size == modification.TargetSize) && (change.Type is null || change.Type == modification.TargetVolumeType?.Value)
        && (change.Iops is null || change.Iops == modification.TargetIops) && (change.Throughput is null || change.Throughput == modification.TargetThroughput);

    /// <summary>
    /// Source: "Monitor the progress of volume modifications" in the EBS user guide: the size can be used from <c>optimizing</c> on. EC2 may
    /// tell of an earlier change, or of none, for some seconds after it took this one.
    /// </summary>
    private async Task UntilUsableAsync(Volume volume, VolumeModification? order, string activity, CancellationToken cancellationToken)
    {
        DateTimeOffset shownBy = session.Clock.GetUtcNow() + Patience;
        for (int n = 0; ; n++)
        {
            VolumeModification? last = await LastAsync(volume, cancellationToken).ConfigureAwait(false);
            bool isOlder = order is not null && (last is null || last.StartTime < order.StartTime);
            switch (last?.ModificationState?.Value)
            {
                case var _ when isOlder:
                    if (session.Clock.GetUtcNow() >= shownBy)
                        return;
                    break;
                case null or "optimizing" or "completed":
                    return;
                case "failed":
                    throw new Fe2Exception(
                        "ModificationFailed", Fe2ErrorKind.OperationFailed, $"EC2 could not change {VolumeFacts.Label(volume)}: {last.StatusMessage ?? "it gives no reason"}.",
                        "Try again later; the volume and its data are as before.", volume.VolumeId);
            }

            int percent = (int)(isOlder ? 0 : last?.Progress ?? 0);
            report?.Report(new ProgressReport(activity, string.Create(CultureInfo.InvariantCulture, $"EC2 is changing it, {percent} %"), 10 + (percent / 2)));
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Until EC2's own list has the new size: what is grown next is grown to it.</summary>
    /// <exception cref="Fe2Exception"><c>VolumeStuck</c>.</exception>
    private async Task<Volume> UntilShownAsync(Volume volume, VolumeChange change, CancellationToken cancellationToken)
    {
        DateTimeOffset shownBy = session.Clock.GetUtcNow() + Patience;
        for (int n = 0; ; n++)
        {
            Volume now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.VolumeNotFound(volume.VolumeId, session.Region);
            if (change.Size is null || now.Size >= change.Size)
                return now;
            if (session.Clock.GetUtcNow() >= shownBy)
                throw StorageErrors.Stuck(now, $"of {change.Size} GiB", Patience);
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<VolumeModification?> LastAsync(Volume volume, CancellationToken cancellationToken)
    {
        try
        {
            DescribeVolumesModificationsResponse answer = await session.Ec2.DescribeVolumesModificationsAsync(
                new DescribeVolumesModificationsRequest { VolumeIds = [volume.VolumeId] }, cancellationToken).ConfigureAwait(false);
            return answer.VolumesModifications.OrderByDescending(m => m.StartTime).FirstOrDefault();
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidVolumeModification.NotFound")
        {
            // Never changed, or so long ago that EC2 has forgotten it.
            return null;
        }
    }

    private async Task GrowAsync(Volume volume, VolumeChange change, string activity, CancellationToken cancellationToken)
    {
        if (VolumeFacts.InstanceOf(volume) is not { } id)
        {
            report?.Report(new VerboseReport($"{VolumeFacts.Label(volume)} is not mounted; its file system grows when it is."));
            return;
        }

        Instance? instance = (await new InstanceQuery(session).ByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrDefault();
        if (instance is null || InstanceFacts.StateOf(instance) != "running")
        {
            report?.Report(new WarningReport(
                $"{VolumeFacts.Label(volume)} has its new size, but {id} does not run, so its file system did not grow. Start it and run Resize-Fe2Volume again."));
            return;
        }

        report?.Report(new ProgressReport(activity, $"Growing its file system on {InstanceFacts.Label(instance)}", 80));
        await using ISshSession ssh = await new VolumeMounter(session, connector, report)
            .SshAsync(instance, change.KeyFile, change.User, cancellationToken).ConfigureAwait(false);
        GuestDisk.Answer answer = await VolumeMounter.Disk(ssh, volume).GrowAsync((long)(volume.Size ?? 0) << 30, cancellationToken).ConfigureAwait(false);
        report?.Report(new VerboseReport(answer["point"] is { } point
            ? $"{point} has {answer["bytes"]} bytes now." : $"{VolumeFacts.Label(volume)} is not mounted; its file system grows when it is."));
    }
}
