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
            if (IsChange(now, change))
                await ModifyAsync(now, change, cancellationToken).ConfigureAwait(false);
            await UntilUsableAsync(now, activity, cancellationToken).ConfigureAwait(false);
            Volume grown = await query.TryByIdAsync(now.VolumeId, cancellationToken).ConfigureAwait(false) ?? now;
            await GrowAsync(grown, change, activity, cancellationToken).ConfigureAwait(false);
            return grown;
        });

    private static bool IsChange(Volume volume, VolumeChange change) =>
        (change.Size ?? volume.Size) != volume.Size || (change.Type is { } type && type != volume.VolumeType?.Value)
        || (change.Iops is { } iops && iops != volume.Iops) || (change.Throughput is { } throughput && throughput != volume.Throughput);

    private async Task ModifyAsync(Volume volume, VolumeChange change, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.ModifyVolumeAsync(
                new ModifyVolumeRequest
                {
                    VolumeId = volume.VolumeId,
                    Size = change.Size,
                    VolumeType = change.Type is { } type ? VolumeType.FindValue(type) : null,
                    Iops = change.Iops,
                    Throughput = change.Throughput,
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is "VolumeModificationRateExceeded" or "IncorrectModificationState")
        {
            // The order may have arrived although its answer was lost.
            if (await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false) is { } now && !IsChange(now, change))
                return;
            throw new Fe2Exception(
                "VolumeChangedLately", Fe2ErrorKind.InvalidState, $"{VolumeFacts.Label(volume)} was changed less than six hours ago, and EC2 takes a new change only then.",
                "Wait, or take a snapshot and make a larger volume of it: New-Fe2Snapshot, then New-Fe2Volume -Snapshot -Size.", volume.VolumeId, e);
        }
    }

    /// <summary>Source: "Monitor the progress of volume modifications" in the EBS user guide: the size can be used from <c>optimizing</c> on.</summary>
    private async Task UntilUsableAsync(Volume volume, string activity, CancellationToken cancellationToken)
    {
        for (int n = 0; ; n++)
        {
            VolumeModification? last = await LastAsync(volume, cancellationToken).ConfigureAwait(false);
            switch (last?.ModificationState?.Value)
            {
                case null or "optimizing" or "completed":
                    return;
                case "failed":
                    throw new Fe2Exception(
                        "ModificationFailed", Fe2ErrorKind.OperationFailed, $"EC2 could not change {VolumeFacts.Label(volume)}: {last.StatusMessage ?? "it gives no reason"}.",
                        "Try again later; the volume and its data are as before.", volume.VolumeId);
            }

            report?.Report(new ProgressReport(
                activity, string.Create(CultureInfo.InvariantCulture, $"EC2 is changing it, {last.Progress ?? 0} %"), 10 + (int)((last.Progress ?? 0) / 2)));
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
