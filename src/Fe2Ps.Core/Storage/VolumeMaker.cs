using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>Makes volumes, blank or from snapshots, and mounts them. A volume that cannot be mounted is removed again: it was made for that alone.</summary>
public sealed class VolumeMaker(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromMilliseconds(700);

    private readonly VolumeQuery query = new(session);
    private readonly VolumeStates states = new(session);
    private readonly VolumeRemoval removal = new(session);

    /// <summary>Makes the volume for an instance of this name or id, or for none.</summary>
    /// <exception cref="Fe2Exception">
    /// <c>MountPointWithoutInstance</c>, <c>FileSystemWithoutInstance</c>, <c>PersistWithoutInstance</c>, <c>ZoneWithInstance</c>,
    /// <c>InstanceNotFound</c>, <c>InstanceAmbiguous</c>, and those of <see cref="MakeAsync"/>.
    /// </exception>
    public async Task<Volume> MakeForAsync(string? instance, VolumeRequest request, CancellationToken cancellationToken = default)
    {
        request.Check(hasInstance: instance is not null);
        Instance? machine = instance is null ? null : await new InstanceQuery(session).GetAsync(instance, cancellationToken).ConfigureAwait(false);
        return await MakeAsync(request with { Instance = machine }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the volume; with an instance it is returned mounted (<c>in-use</c>), without one <c>available</c>.</summary>
    /// <exception cref="Fe2Exception">
    /// <c>SizeMissing</c>, <c>SizeInvalid</c>, <c>NameTaken</c>, <c>NameMissing</c>, <c>SnapshotNotFound</c>, <c>SnapshotNotReady</c>,
    /// <c>InstanceNotRunning</c>, and those of <see cref="VolumeMounter.MountAsync"/>; the message says what became of the volume.
    /// </exception>
    public Task<Volume> MakeAsync(VolumeRequest request, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"make volume {request.Name}".TrimEnd(), request.Name, async () =>
        {
            Plan plan = await PlanAsync(request, cancellationToken).ConfigureAwait(false);
            string activity = $"Making volume {plan.Name}";
            report?.Report(new ProgressReport(activity, $"{plan.Size} GiB {plan.Type} in {plan.Zone}", 10));
            Volume made = await CreateAsync(plan, cancellationToken).ConfigureAwait(false);
            try
            {
                Volume volume = await states.AvailableAsync(made, isFresh: true, cancellationToken).ConfigureAwait(false);
                volume = await NamedAsync(plan, volume, states.SeenAt, cancellationToken).ConfigureAwait(false);
                if (request.Instance is null)
                    return volume;
                return await new VolumeMounter(session, connector, report).MountAsync(
                    volume, request.Instance, request.Mount with { DeleteOnTermination = !request.KeepOnTermination }, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                report?.Report(new WarningReport($"Interrupted. {Left(made)}"));
                throw;
            }
            catch (Fe2Exception e) when (e.Id == "NotPersistent")
            {
                // Mounted and of use; only the next start will not know it.
                throw;
            }
            catch (Exception e)
            {
                throw await RemovedAsync(made, e, cancellationToken).ConfigureAwait(false);
            }
        });

    /// <summary>A volume like another one, from a snapshot of it, in a zone of its own. Raw errors; what it made is named by its request id.</summary>
    internal async Task<Volume> CopyAsync(Volume volume, string snapshotId, string zone, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        var plan = new Plan(
            Guid.NewGuid().ToString("n"), VolumeFacts.NameOf(volume), volume.Size ?? 1, zone, volume.VolumeType?.Value ?? "gp3", snapshotId,
            new VolumeRequest
            {
                Iops = volume.VolumeType?.Value is "gp3" or "io1" or "io2" ? volume.Iops : null,
                Throughput = volume.VolumeType?.Value == "gp3" ? volume.Throughput : null,
                Encrypted = volume.Encrypted == true,
                Tags = tags,
            })
        { IsCopy = true };
        return await CreateAsync(plan, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Plan> PlanAsync(VolumeRequest request, CancellationToken cancellationToken)
    {
        request.Mount.Check();
        StorageTags.CheckName(request.Name, "vol-");
        if (request.Size is null && request.Snapshot is null)
            throw new Fe2Exception("SizeMissing", Fe2ErrorKind.InvalidArgument, "Neither -Size nor -Snapshot is given.", "New-Fe2Volume -Size 20 makes a blank volume of 20 GiB.");
        Snapshot? snapshot = request.Snapshot is null ? null : await new SnapshotQuery(session).GetAsync(request.Snapshot, cancellationToken).ConfigureAwait(false);
        if (snapshot?.VolumeSize > request.Size)
        {
            throw StorageErrors.Invalid(
                "Size", request.Size, $"the snapshot {SnapshotFacts.Label(snapshot)} is of {snapshot.VolumeSize} GiB, and a volume cannot be smaller.", "Leave -Size out, or take at least that.");
        }

        if (request.Instance is { } instance && InstanceFacts.StateOf(instance) != "running")
            throw StorageErrors.NotRunning(instance);
        (string name, string wish) = await NameAsync(request, snapshot, cancellationToken).ConfigureAwait(false);
        string zone = request.Instance?.Placement?.AvailabilityZone ?? request.Zone ?? await ZoneAsync(cancellationToken).ConfigureAwait(false);
        return new Plan(Guid.NewGuid().ToString("n"), name, request.Size ?? snapshot!.VolumeSize ?? 1, zone, request.Type ?? "gp3", snapshot?.SnapshotId, request) { Wish = wish };
    }

    private async Task<(string Name, string Wish)> NameAsync(VolumeRequest request, Snapshot? snapshot, CancellationToken cancellationToken)
    {
        string? given = request.Name;
        string wish = given ?? (request.Instance is null ? null : InstanceFacts.NameOf(request.Instance)) ?? (snapshot is null ? null : SnapshotFacts.NameOf(snapshot))
            ?? throw new Fe2Exception("NameMissing", Fe2ErrorKind.InvalidArgument, "The volume needs a name.", "Give it one with -Name.");
        if (given is null)
            return (await VolumeClaim.FreeAsync(session, wish, null, cancellationToken).ConfigureAwait(false), wish);
        await VolumeClaim.Of(session).CheckFreeAsync([given], cancellationToken).ConfigureAwait(false);
        return (given, given);
    }

    /// <summary>
    /// Gives way to a volume of the same name that somebody made at the same moment: by a failure where the name was given, with the next
    /// free name where it was not.
    /// </summary>
    private async Task<Volume> NamedAsync(Plan plan, Volume made, DateTimeOffset? seenAt, CancellationToken cancellationToken)
    {
        string name = plan.Name!;
        while (true)
        {
            try
            {
                await VolumeClaim.Of(session).ConfirmAsync(plan.Id, [name], made.VolumeId, made.CreateTime, seenAt, cancellationToken).ConfigureAwait(false);
                return made;
            }
            catch (Fe2Exception e) when (e.Id == "NameTaken" && plan.Request.Name is null)
            {
                name = await VolumeClaim.FreeAsync(session, plan.Wish, made.VolumeId, cancellationToken).ConfigureAwait(false);
                report?.Report(new VerboseReport($"{made.VolumeId} is called '{name}': another volume got its name at the same moment."));
                await session.Ec2.CreateTagsAsync(
                    new CreateTagsRequest { Resources = [made.VolumeId], Tags = [new Tag(TagNames.Name, name)] }, cancellationToken).ConfigureAwait(false);
                made.Tags.RemoveAll(t => t.Key == TagNames.Name);
                made.Tags.Add(new Tag(TagNames.Name, name));

                // The new name is claimed from now on; a rival for it may need as long to become visible.
                seenAt = session.Clock.GetUtcNow();
            }
        }
    }

    /// <summary>Where the machines run, a volume is of use.</summary>
    private async Task<string> ZoneAsync(CancellationToken cancellationToken)
    {
        InstanceSelection running = await new InstanceQuery(session).ListAsync(new InstanceSelector { States = ["running"] }, cancellationToken).ConfigureAwait(false);
        if (running.Instances.GroupBy(i => i.Placement?.AvailabilityZone).OrderByDescending(g => g.Count()).FirstOrDefault()?.Key is { } zone)
            return zone;
        DescribeAvailabilityZonesResponse zones = await session.Ec2.DescribeAvailabilityZonesAsync(new DescribeAvailabilityZonesRequest(), cancellationToken).ConfigureAwait(false);
        return zones.AvailabilityZones.Select(z => z.ZoneName).Order(StringComparer.Ordinal).First();
    }

    /// <summary>The order is never cancelled half-way: its answer is the only sure news. Its token makes repeating it harmless.</summary>
    private async Task<Volume> CreateAsync(Plan plan, CancellationToken cancellationToken)
    {
        var call = new CreateVolumeRequest
        {
            ClientToken = plan.Id,
            AvailabilityZone = plan.Zone,
            Size = plan.Size,
            VolumeType = plan.Type,
            SnapshotId = plan.SnapshotId,
            Iops = plan.Request.Iops,
            Throughput = plan.Request.Throughput,
            Encrypted = plan.Request.Encrypted ? true : null,
            TagSpecifications = plan.Tags(session),
        };
        cancellationToken.ThrowIfCancellationRequested();
        Task<CreateVolumeResponse> creating = session.Ec2.CreateVolumeAsync(call, CancellationToken.None);
        try
        {
            return (await creating.WaitAsync(cancellationToken).ConfigureAwait(false)).Volume;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(creating, Task.Delay(CancellationGrace, session.Clock, CancellationToken.None)).ConfigureAwait(false);
            report?.Report(new WarningReport(creating.IsCompletedSuccessfully
                ? $"Interrupted. {Left(creating.Result.Volume)}"
                : $"Interrupted while EC2 had the order: the volume '{plan.Name}' may come. Look with Get-Fe2Volume '{plan.Name}' -Region {session.Region}; Remove-Fe2Volume removes it."));
            throw;
        }
        catch (Exception e) when (e is not AmazonServiceException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError })
        {
            // EC2 may have done it all the same.
            Volume? lost = await FindLostAsync(plan).ConfigureAwait(false);
            if (lost is not null)
                return lost;
            throw;
        }
    }

    private async Task<Volume?> FindLostAsync(Plan plan)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), session.Clock);
            return (await query.ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.Request}", [plan.Id])], limit.Token).ConfigureAwait(false)).FirstOrDefault();
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The failure, with what became of the volume. It was made a moment ago and never handed over: nothing in it is anybody's.</summary>
    private async Task<Fe2Exception> RemovedAsync(Volume made, Exception failure, CancellationToken cancellationToken)
    {
        Fe2Exception translated = ErrorTranslation.Translate(failure, session, $"make volume {VolumeFacts.NameOf(made)}", made.VolumeId);
        using CancellationTokenRegistration interruption = cancellationToken.Register(() => report?.Report(new WarningReport(
            $"{VolumeFacts.Label(made)} is being removed; if this process ends before, use Remove-Fe2Volume {made.VolumeId} -Region {session.Region}.")));
        string end = await removal.EndAsync(made).ConfigureAwait(false);
        return new Fe2Exception(translated.Id, translated.Kind, $"{translated.Message} {end}", translated.NextStep, made.VolumeId, failure);
    }

    private string Left(Volume volume) =>
        $"The volume {VolumeFacts.Label(volume)} of {volume.Size} GiB exists and costs money. Mount-Fe2Volume {volume.VolumeId} goes on, Remove-Fe2Volume {volume.VolumeId} -Region {session.Region} removes it.";

    /// <summary>A request with every choice made.</summary>
    /// <param name="Id">The client token, and the tag <c>fe2:request</c>.</param>
    private sealed record Plan(string Id, string? Name, int Size, string Zone, string Type, string? SnapshotId, VolumeRequest Request)
    {
        /// <summary>True where the tags are another volume's, which may hold this module's own.</summary>
        public bool IsCopy { get; init; }

        /// <summary>The name before any number behind it.</summary>
        public string Wish { get; init; } = "";

        public List<TagSpecification> Tags(Fe2Session session) =>
            StorageTags.For(session, ResourceType.Volume, Name, Id, Request.Tags, mayBeOurs: IsCopy);
    }
}
