using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>How a snapshot is to be taken.</summary>
public sealed record SnapshotRequest
{
    /// <summary>The name; null takes the volume's. Several snapshots may have one name: the newest is meant where one is used.</summary>
    public string? Name { get; init; }

    /// <summary>EC2's description, at most 255 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Takes the volume as it is, without a word to the machine that has it: as after a power cut.</summary>
    public bool NoFreeze { get; init; }

    /// <summary>The private key, or null for the one of the instance's key pair.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The login user, or null for the one that the instance's tags name.</summary>
    public string? User { get; init; }

    /// <summary>Further tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>True where the tags are this module's own.</summary>
    internal bool IsOurs { get; init; }
}

/// <summary>
/// Takes snapshots. What is on the volume at the moment when EC2 takes the order is in the snapshot; copying it goes on for as long as it
/// takes. A mounted file system is held still for that moment alone, so that nothing of it is half written.
/// </summary>
public sealed class SnapshotMaker(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report = null)
{
    /// <summary>An order that took longer than the file system was held still is given again, so often.</summary>
    private const int Attempts = 3;

    /// <summary>Takes a snapshot and returns it as it is then: pending.</summary>
    /// <exception cref="Fe2Exception"><c>FreezeFailed</c>, <c>FreezeTooShort</c>, <c>InstanceNotRunning</c>, <c>VolumeNotFound</c>, ...</exception>
    public Task<Snapshot> CreateAsync(Volume volume, SnapshotRequest? request = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"take a snapshot of {VolumeFacts.Label(volume)}", volume.VolumeId, async () =>
        {
            SnapshotRequest wish = request ?? new SnapshotRequest();
            StorageTags.CheckName(wish.Name, "snap-");
            Volume now = await new VolumeQuery(session).TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.VolumeNotFound(volume.VolumeId, session.Region);
            if (wish.NoFreeze || await HolderAsync(now, cancellationToken).ConfigureAwait(false) is not { } instance)
                return await OrderAsync(now, wish, cancellationToken).ConfigureAwait(false);

            await using ISshSession ssh = await new VolumeMounter(session, connector, report)
                .SshAsync(instance, wish.KeyFile, wish.User, cancellationToken).ConfigureAwait(false);
            return await WithFreezeAsync(now, wish, ssh, cancellationToken).ConfigureAwait(false);
        });

    /// <summary>As <see cref="CreateAsync(Volume, SnapshotRequest?, CancellationToken)"/>, over a session that the caller has on the machine with the volume.</summary>
    public Task<Snapshot> CreateAsync(Volume volume, SnapshotRequest? request, ISshSession freeze, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"take a snapshot of {VolumeFacts.Label(volume)}", volume.VolumeId,
            () => WithFreezeAsync(volume, request ?? new SnapshotRequest(), freeze, cancellationToken));

    private async Task<Snapshot> WithFreezeAsync(Volume volume, SnapshotRequest request, ISshSession ssh, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            report?.Report(new ProgressReport($"Snapshot of {VolumeFacts.Label(volume)}", "Holding its file system still"));
            Snapshot snapshot;
            bool held;
            FileSystemFreeze freeze = await FileSystemFreeze.BeginAsync(VolumeMounter.Disk(ssh, volume), ssh, report, cancellationToken).ConfigureAwait(false);
            try
            {
                snapshot = await OrderAsync(volume, request, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await freeze.EndAsync().ConfigureAwait(false);
                throw;
            }

            held = await freeze.EndAsync().ConfigureAwait(false);
            if (held)
                return snapshot;
            report?.Report(new VerboseReport($"EC2 took longer to answer than {VolumeFacts.Label(volume)} was held still; {snapshot.SnapshotId} is taken again."));
            string end = await EndAsync(snapshot).ConfigureAwait(false);
            if (attempt == Attempts)
            {
                throw new Fe2Exception(
                    "FreezeTooShort", Fe2ErrorKind.Timeout, $"EC2 was too slow to take a snapshot of {VolumeFacts.Label(volume)} while its file system was held still. {end}",
                    "Try again later, dismount the volume first, or take it as it is: -NoFreeze.", volume.VolumeId);
            }
        }
    }

    /// <summary>The order has no token of its own, so each has a tag by which a lost or repeated one is found. It is not cancelled half-way.</summary>
    private async Task<Snapshot> OrderAsync(Volume volume, SnapshotRequest request, CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("n");
        var call = new CreateSnapshotRequest
        {
            VolumeId = volume.VolumeId,
            Description = request.Description ?? $"{VolumeFacts.NameOf(volume) ?? volume.VolumeId}, taken by Fe2Ps",
            TagSpecifications = StorageTags.For(session, ResourceType.Snapshot, request.Name ?? VolumeFacts.NameOf(volume), id, request.Tags, request.IsOurs),
        };
        cancellationToken.ThrowIfCancellationRequested();
        Task<CreateSnapshotResponse> ordering = session.Ec2.CreateSnapshotAsync(call, CancellationToken.None);
        try
        {
            Snapshot snapshot = (await ordering.WaitAsync(cancellationToken).ConfigureAwait(false)).Snapshot;
            await RemoveTwinsAsync(id, snapshot).ConfigureAwait(false);
            return snapshot;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            report?.Report(new WarningReport(
                $"Interrupted while EC2 had the order: a snapshot '{request.Name ?? VolumeFacts.NameOf(volume)}' of {volume.VolumeId} may come. Get-Fe2Snapshot shows it, Remove-Fe2Snapshot removes it."));
            throw;
        }
        catch (Exception e) when (e is not AmazonServiceException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError })
        {
            // EC2 may have done it all the same.
            List<Snapshot> lost = await FindAsync(id).ConfigureAwait(false);
            if (lost.Count > 0)
                return lost[0];
            throw;
        }
    }

    /// <summary>An order whose answer was lost on the way is given again below us; then there are two of one id.</summary>
    private async Task RemoveTwinsAsync(string id, Snapshot snapshot)
    {
        foreach (Snapshot twin in (await FindAsync(id).ConfigureAwait(false)).Where(s => s.SnapshotId != snapshot.SnapshotId))
            report?.Report(new VerboseReport($"{twin.SnapshotId} was made by the same order. {await EndAsync(twin).ConfigureAwait(false)}"));
    }

    private async Task<List<Snapshot>> FindAsync(string id)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), session.Clock);
            return await new SnapshotQuery(session).ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.Request}", [id])], limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>Ends a snapshot that is of no use. Never fails.</summary>
    internal async Task<string> EndAsync(Snapshot snapshot)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1), session.Clock);
            await session.Ec2.DeleteSnapshotAsync(new DeleteSnapshotRequest { SnapshotId = snapshot.SnapshotId }, limit.Token).ConfigureAwait(false);
            return $"{snapshot.SnapshotId} was removed again.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"WARNING: {snapshot.SnapshotId} is left and costs money ({e.Message.TrimEnd('.')}). Run: Remove-Fe2Snapshot {snapshot.SnapshotId} -Region {session.Region}";
        }
    }

    /// <summary>The running machine whose file system must be held still, or null where there is none: nothing writes then.</summary>
    private async Task<Instance?> HolderAsync(Volume volume, CancellationToken cancellationToken)
    {
        if (VolumeFacts.InstanceOf(volume) is not { } id)
            return null;
        Instance? instance = (await new InstanceQuery(session).ByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrDefault();
        return instance is not null && InstanceFacts.StateOf(instance) is "running" or "stopping" or "shutting-down" ? instance : null;
    }
}
