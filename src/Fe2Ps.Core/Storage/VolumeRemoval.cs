using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Deletes volumes that are attached to nothing.</summary>
public sealed class VolumeRemoval(Fe2Session session)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly VolumeQuery query = new(session);
    private readonly VolumeStates states = new(session);

    /// <summary>Deletes the volume with all that is on it. One that is gone already is no failure.</summary>
    /// <exception cref="Fe2Exception"><c>VolumeInUse</c>.</exception>
    public Task RemoveAsync(Volume volume, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"remove {VolumeFacts.Label(volume)}", volume.VolumeId, async () =>
        {
            try
            {
                await session.Ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = volume.VolumeId }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "VolumeInUse")
            {
                throw StorageErrors.InUse(await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false) ?? volume, "removed");
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "IncorrectState" && VolumeFacts.StateOf(volume) == "creating")
            {
                await states.AvailableAsync(volume, isFresh: true, cancellationToken).ConfigureAwait(false);
                await session.Ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = volume.VolumeId }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidVolume.NotFound")
            {
                // The end that was wanted.
            }
        });

    /// <summary>Ends a volume, attached or not. Never fails.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="isFresh">True where this process has just made it, so that EC2 may not know it yet; one that is not there is gone otherwise.</param>
    /// <returns>A sentence for the error's message: that it is gone, or that it is left and costs money.</returns>
    internal async Task<string> EndAsync(Volume volume, bool isFresh = true)
    {
        using var limit = new CancellationTokenSource(Limit, session.Clock);
        try
        {
            await FreedAsync(volume, isFresh, limit.Token).ConfigureAwait(false);
            if (isFresh)
            {
                await FreshRetry.RunAsync(
                    session, () => session.Ec2.DeleteVolumeAsync(new DeleteVolumeRequest { VolumeId = volume.VolumeId }, limit.Token), limit.Token).ConfigureAwait(false);
            }
            else
            {
                await RemoveAsync(volume, limit.Token).ConfigureAwait(false);
            }

            return "The volume that was made for it was removed again.";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return $"WARNING: the volume {VolumeFacts.Label(volume)} of {volume.Size} GiB is left and costs money, since removing it failed ({e.Message.TrimEnd('.')}). "
                + $"Run: Remove-Fe2Volume {volume.VolumeId} -Force -Region {session.Region}";
        }
    }

    /// <summary>
    /// Until nothing has it. The order is given again where EC2 took it back, as it does while the machine is ending or busy; after some
    /// time without asking the machine, since nothing of anybody's is on the volume.
    /// </summary>
    private async Task FreedAsync(Volume volume, bool isFresh, CancellationToken cancellationToken)
    {
        for (int n = 0; ; n++)
        {
            Volume? now = await query.TryByIdAsync(volume.VolumeId, cancellationToken).ConfigureAwait(false);
            if (now is null ? !isFresh : VolumeFacts.StateOf(now) is "available" or "error" or "deleting" or "deleted")
                return;
            if (now is not null && VolumeFacts.AttachmentOf(now) is { } attachment && attachment.State?.Value != "detaching")
                await TryDetachAsync(volume, force: n >= 10, cancellationToken).ConfigureAwait(false);
            await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TryDetachAsync(Volume volume, bool force, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.DetachVolumeAsync(new DetachVolumeRequest { VolumeId = volume.VolumeId, Force = force }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode is { } code && code.StartsWith("Incorrect", StringComparison.Ordinal))
        {
            // It is changing by itself; the next look tells.
        }
    }
}
