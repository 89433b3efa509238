using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>
/// Attaches and mounts volumes, and takes them away again with everything written. A blank volume is formatted; one that holds
/// anything at all never is.
/// </summary>
public sealed class VolumeMounter(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    private readonly MachineAccess access = new(session, connector, report);
    private readonly VolumeQuery query = new(session);
    private readonly VolumeStates states = new(session);

    /// <summary>The way to machines.</summary>
    internal ISshConnector Connector => connector;

    /// <summary>Mounts a volume on a running instance. One that is mounted there already is left as it is.</summary>
    /// <returns>The volume as EC2 sees it then, with the mount point in its tags (another volume where <see cref="MountRequest.Move"/> had to move it).</returns>
    /// <exception cref="Fe2Exception">
    /// <c>VolumeInUse</c>, <c>VolumeInOtherZone</c>, <c>VolumeNotBlank</c>, <c>MountPointInUse</c>, <c>MountPointNotEmpty</c>, <c>MountedElsewhere</c>,
    /// <c>InstanceNotRunning</c>, <c>NoDeviceLeft</c>, <c>MountFailed</c>, ... What this call had attached is detached again then.
    /// </exception>
    public Task<Volume> MountAsync(Volume volume, Instance instance, MountRequest request, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"mount {VolumeFacts.Label(volume)} on {InstanceFacts.Label(instance)}", volume.VolumeId, async () =>
        {
            request.Check();
            if (InstanceFacts.StateOf(instance) != "running")
                throw StorageErrors.NotRunning(instance);
            if (VolumeFacts.IsRoot(volume))
                throw StorageErrors.IsRoot(volume);
            if (VolumeFacts.InstanceOf(volume) is { } holder && holder != instance.InstanceId)
                throw StorageErrors.InUse(volume, $"mounted on {InstanceFacts.Label(instance)}");
            if (volume.AvailabilityZone != instance.Placement?.AvailabilityZone)
            {
                return request.Move
                    ? await new VolumeMove(session, this, report).MoveAsync(volume, instance, request, cancellationToken).ConfigureAwait(false)
                    : throw StorageErrors.OtherZone(volume, instance);
            }

            // The way in is proven before anything is changed.
            SshTarget target = await access.TargetAsync(instance, request.KeyFile, request.User, cancellationToken).ConfigureAwait(false);
            await using ISshSession ssh = await access.OpenAsync(instance, target, cancellationToken).ConfigureAwait(false);
            bool wasAttached = VolumeFacts.InstanceOf(volume) is not null;
            Volume attached = wasAttached
                ? await states.AttachedAsync(volume, instance.InstanceId, cancellationToken).ConfigureAwait(false)
                : await AttachAsync(volume, instance, cancellationToken).ConfigureAwait(false);
            try
            {
                return await MountAttachedAsync(attached, instance, ssh, request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!wasAttached && e is not Fe2Exception { Id: "NotPersistent" })
            {
                throw await DetachedAgainAsync(attached, instance, ssh, e, cancellationToken).ConfigureAwait(false);
            }
        });

    /// <summary>Writes everything out, unmounts, detaches, and waits until the volume is free. One that is attached to nothing is returned as it is.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="force">Ends the processes that hold it.</param>
    /// <param name="keyFile">The private key, or null for the one of the instance's key pair.</param>
    /// <param name="user">The login user, or null for the one that the instance's tags name.</param>
    /// <param name="cancellationToken">Ends the waiting; what EC2 was told to do goes on.</param>
    /// <exception cref="Fe2Exception"><c>VolumeBusy</c> with the processes that hold it, <c>VolumeIsRoot</c>, <c>VolumeHeld</c>, ...</exception>
    public Task<Volume> DismountAsync(
        Volume volume, bool force = false, string? keyFile = null, string? user = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"dismount {VolumeFacts.Label(volume)}", volume.VolumeId, async () =>
        {
            Volume now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.VolumeNotFound(volume.VolumeId, session.Region);
            if (VolumeFacts.AttachmentOf(now) is not { } attachment)
                return now;
            if (VolumeFacts.IsRoot(now))
                throw StorageErrors.IsRoot(now);
            string activity = $"Dismounting {VolumeFacts.Label(now)}";
            Instance? instance = (await new InstanceQuery(session).ByIdsAsync([attachment.InstanceId], cancellationToken).ConfigureAwait(false)).FirstOrDefault();
            if (instance is not null && InstanceFacts.StateOf(instance) == "running" && attachment.State?.Value != "detaching")
            {
                report?.Report(new ProgressReport(activity, $"Writing out on {InstanceFacts.Label(instance)}"));
                SshTarget target = await access.TargetAsync(instance, keyFile, user, cancellationToken).ConfigureAwait(false);
                await using ISshSession ssh = await access.OpenAsync(instance, target, cancellationToken).ConfigureAwait(false);
                GuestDisk.Answer answer = await Disk(ssh, now).DismountAsync(force, cancellationToken).ConfigureAwait(false);
                foreach (string process in answer.All("process"))
                    report?.Report(new WarningReport($"Ended on {InstanceFacts.Label(instance)}, since it held {VolumeFacts.Label(now)}: {process}"));
                Tell(answer, now);
            }
            else if (instance is not null && InstanceFacts.StateOf(instance) is not ("running" or "stopped"))
            {
                throw new Fe2Exception(
                    "InstanceChanging", Fe2ErrorKind.InvalidState, $"{InstanceFacts.Label(instance)}, which has {VolumeFacts.Label(now)}, is {InstanceFacts.StateOf(instance)}.",
                    "Wait until it is running or stopped, then dismount.", now.VolumeId);
            }

            report?.Report(new ProgressReport(activity, "Detaching"));
            return await DetachAsync(now, cancellationToken).ConfigureAwait(false);
        });

    /// <summary>Detaches what nothing has mounted, and waits. Raw errors.</summary>
    internal async Task<Volume> DetachAsync(Volume volume, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = volume.VolumeId }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is "IncorrectState")
        {
            // Somebody else was first; the wait tells whether it gets free.
        }

        return await states.AvailableAsync(volume, isFresh: false, cancellationToken).ConfigureAwait(false);
    }

    internal static GuestDisk Disk(ISshSession ssh, Volume volume) =>
        new(ssh, volume.VolumeId, VolumeFacts.AttachmentOf(volume)?.Device ?? "", VolumeFacts.Label(volume));

    /// <summary>A session on the machine that has the volume.</summary>
    internal async Task<ISshSession> SshAsync(Instance instance, string? keyFile, string? user, CancellationToken cancellationToken) =>
        await access.OpenAsync(instance, await access.TargetAsync(instance, keyFile, user, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async Task<Volume> AttachAsync(Volume volume, Instance instance, CancellationToken cancellationToken)
    {
        string activity = Activity(volume, instance);
        report?.Report(new ProgressReport(activity, "Attaching", 30));
        if (VolumeFacts.StateOf(volume) is not ("available" or "creating"))
            throw StorageErrors.NotAvailable(volume);
        Volume made = await states.MadeAsync(volume, cancellationToken).ConfigureAwait(false);
        if (VolumeFacts.InstanceOf(made) is { } other)
        {
            // Another session was faster since the volume was looked at.
            return other == instance.InstanceId
                ? await states.AttachedAsync(made, other, cancellationToken).ConfigureAwait(false)
                : throw StorageErrors.InUse(made, $"mounted on {InstanceFacts.Label(instance)}");
        }

        List<Volume> others = await query.ByFiltersAsync([InstanceQuery.Filter("attachment.instance-id", [instance.InstanceId])], cancellationToken).ConfigureAwait(false);
        foreach (string device in DeviceNames.Free(instance, others))
        {
            bool isOrdered = true;
            try
            {
                await FreshRetry.RunAsync(
                    session,
                    () => session.Ec2.AttachVolumeAsync(
                        new AttachVolumeRequest { VolumeId = volume.VolumeId, InstanceId = instance.InstanceId, Device = device }, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidParameterValue" && e.Message.Contains("already in use", StringComparison.Ordinal))
            {
                // Another session took this name meanwhile.
                isOrdered = false;
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode is "VolumeInUse" or "IncorrectState")
            {
                // The order may have arrived although its answer was lost, or another session have given the same one.
                Volume? now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false);
                if (now is null || VolumeFacts.InstanceOf(now) is not { } holder)
                    throw;
                if (holder != instance.InstanceId)
                    throw StorageErrors.InUse(now, $"mounted on {InstanceFacts.Label(instance)}");
            }

            if (isOrdered)
                return await states.AttachedAsync(volume, instance.InstanceId, cancellationToken).ConfigureAwait(false);
        }

        throw StorageErrors.NoDeviceLeft(instance);
    }

    private async Task<Volume> MountAttachedAsync(
        Volume volume, Instance instance, ISshSession ssh, MountRequest request, CancellationToken cancellationToken)
    {
        if (request.DeleteOnTermination is { } delete && VolumeFacts.AttachmentOf(volume)?.DeleteOnTermination != delete)
            await SetDeleteOnTerminationAsync(volume, instance.InstanceId, delete, cancellationToken).ConfigureAwait(false);
        report?.Report(new ProgressReport(Activity(volume, instance), "Mounting", 60));
        GuestDisk disk = Disk(ssh, volume);
        GuestDisk.Answer answer;
        try
        {
            answer = await disk.MountAsync(request, request.MountPoint ?? VolumeFacts.MountPointOf(volume), cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e) when (request.MountPoint is null && e.Id is "MountPointInUse" or "MountPointNotEmpty" or "MountedElsewhere")
        {
            // Where it was mounted last is a suggestion only.
            answer = await disk.MountAsync(request, null, cancellationToken).ConfigureAwait(false);
        }

        Tell(answer, volume);
        string point = answer["point"] ?? "";
        report?.Report(new VerboseReport($"{VolumeFacts.Label(volume)} is on {point} of {InstanceFacts.Label(instance)}, {answer["type"]}{(answer["formatted"] == "1" ? ", formatted" : "")}."));
        return await RememberPointAsync(volume, point, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sets what the instance's end does to an attached volume. Raw errors.</summary>
    internal async Task SetDeleteOnTerminationAsync(Volume volume, string instanceId, bool delete, CancellationToken cancellationToken) =>
        await session.Ec2.ModifyInstanceAttributeAsync(
            new ModifyInstanceAttributeRequest
            {
                InstanceId = instanceId,
                BlockDeviceMappings =
                [
                    new InstanceBlockDeviceMappingSpecification
                    {
                        DeviceName = VolumeFacts.AttachmentOf(volume)!.Device,
                        Ebs = new EbsInstanceBlockDeviceSpecification { DeleteOnTermination = delete },
                    },
                ],
            },
            cancellationToken).ConfigureAwait(false);

    /// <summary>Writes the mount point where other computers see it. A courtesy: the volume is mounted whether that succeeds or not.</summary>
    private async Task<Volume> RememberPointAsync(Volume volume, string point, CancellationToken cancellationToken)
    {
        Volume now = volume;
        try
        {
            now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false) ?? volume;
            if (VolumeFacts.MountPointOf(now) != point && point.Length is > 0 and <= 256)
            {
                await session.Ec2.CreateTagsAsync(
                    new CreateTagsRequest { Resources = [volume.VolumeId], Tags = [new Tag(TagNames.MountPoint, point)] }, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            report?.Report(new VerboseReport($"The mount point could not be written down for other computers: {e.Message}"));
        }

        now.Tags.RemoveAll(t => t.Key == TagNames.MountPoint);
        now.Tags.Add(new Tag(TagNames.MountPoint, point));
        return now;
    }

    /// <summary>A volume that could not be mounted is left as it was found.</summary>
    private async Task<Exception> DetachedAgainAsync(Volume volume, Instance instance, ISshSession ssh, Exception failure, CancellationToken cancellationToken)
    {
        if (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport(
                $"{VolumeFacts.Label(volume)} is attached to {InstanceFacts.Label(instance)}; it may be mounted by now. Dismount-Fe2Volume {volume.VolumeId} takes it away, Mount-Fe2Volume goes on."));
            return failure;
        }

        Fe2Exception translated = ErrorTranslation.Translate(
            failure, session, $"mount {VolumeFacts.Label(volume)} on {InstanceFacts.Label(instance)}", volume.VolumeId);
        string end;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2), session.Clock);
            await Disk(ssh, volume).DismountAsync(force: false, limit.Token).ConfigureAwait(false);
            await DetachAsync(volume, limit.Token).ConfigureAwait(false);
            end = "It was detached again.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            end = $"It stays attached to {InstanceFacts.Label(instance)}, since detaching it failed too ({e.Message.TrimEnd('.')}).";
        }

        return new Fe2Exception(translated.Id, translated.Kind, $"{translated.Message} {end}", translated.NextStep, volume.VolumeId, failure);
    }

    private void Tell(GuestDisk.Answer answer, Volume volume)
    {
        foreach (string note in answer.All("note"))
            report?.Report(new WarningReport($"{VolumeFacts.Label(volume)}: {note}"));
    }

    private static string Activity(Volume volume, Instance instance) => $"Mounting {VolumeFacts.Label(volume)} on {InstanceFacts.Label(instance)}";
}
