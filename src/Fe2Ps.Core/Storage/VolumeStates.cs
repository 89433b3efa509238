using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Waits for what EC2 does to a volume by itself.</summary>
internal sealed class VolumeStates(Fe2Session session)
{
    /// <summary>Creating and attaching take seconds; what takes longer than this never ends by itself.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VolumeQuery query = new(session);

    /// <summary>When EC2 first showed the volume that was waited for last, or null.</summary>
    public DateTimeOffset? SeenAt { get; private set; }

    /// <summary>Until the volume is there and attached to nothing.</summary>
    /// <param name="isFresh">True where this process has just made it: EC2 may not know it yet.</param>
    public Task<Volume> AvailableAsync(Volume volume, bool isFresh, CancellationToken cancellationToken) =>
        UntilAsync(volume, "available", v => VolumeFacts.StateOf(v) == "available", isFresh, cancellationToken);

    /// <summary>Until it is made: free, or somebody's already.</summary>
    public Task<Volume> MadeAsync(Volume volume, CancellationToken cancellationToken) =>
        UntilAsync(volume, "available", v => VolumeFacts.StateOf(v) is "available" or "in-use", isFresh: true, cancellationToken);

    /// <summary>Until it is attached to the instance.</summary>
    public Task<Volume> AttachedAsync(Volume volume, string instanceId, CancellationToken cancellationToken)
    {
        bool wasSeen = false;
        return UntilAsync(volume, $"attached to {instanceId}", IsAttached, true, cancellationToken);

        bool IsAttached(Volume now)
        {
            if (VolumeFacts.AttachmentOf(now) is { } attachment)
            {
                wasSeen = true;
                return attachment.InstanceId == instanceId && attachment.State?.Value == "attached";
            }

            // Free again after it was not, and not an older view of the time before.
            return !wasSeen ? false : throw new Fe2Exception(
                "AttachFailed", Fe2ErrorKind.OperationFailed, $"EC2 took {VolumeFacts.Label(now)} from {instanceId} again before it was attached.",
                "Try again; if it stays, stop and start the instance, which moves it to other hardware.", now.VolumeId);
        }
    }

    private async Task<Volume> UntilAsync(Volume volume, string state, Func<Volume, bool> isThere, bool isFresh, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + Limit;
        Volume last = volume;
        SeenAt = null;
        for (int n = 0; ; n++)
        {
            Volume? now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false);
            if (now is null && !isFresh)
                throw StorageErrors.VolumeNotFound(volume.VolumeId, session.Region);
            if (now is not null)
            {
                last = now;
                SeenAt ??= session.Clock.GetUtcNow();
                if (isThere(now))
                    return now;
                if (VolumeFacts.StateOf(now) is "error" or "deleting" or "deleted")
                {
                    throw new Fe2Exception(
                        "VolumeFailed", Fe2ErrorKind.OperationFailed,
                        $"{VolumeFacts.Label(now)} is {VolumeFacts.StateOf(now)} and will not be {state}.",
                        "An encrypted volume fails where its key cannot be used; otherwise try again.", volume.VolumeId);
                }
            }

            if (session.Clock.GetUtcNow() >= end)
                throw StorageErrors.Stuck(last, state, Limit);
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
