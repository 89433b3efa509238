using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Storage;

/// <summary>Deletes snapshots. Volumes that were made of them keep their data.</summary>
public sealed class SnapshotRemoval(Fe2Session session)
{
    /// <summary>Deletes the snapshot. One that is gone already is no failure.</summary>
    /// <exception cref="Fe2Exception"><c>SnapshotInUse</c>: an image is made of it.</exception>
    public Task RemoveAsync(Snapshot snapshot, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"remove {SnapshotFacts.Label(snapshot)}", snapshot.SnapshotId, async () =>
        {
            try
            {
                await session.Ec2.DeleteSnapshotAsync(new DeleteSnapshotRequest { SnapshotId = snapshot.SnapshotId }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidSnapshot.InUse")
            {
                throw new Fe2Exception(
                    "SnapshotInUse", Fe2ErrorKind.InvalidState, $"{SnapshotFacts.Label(snapshot)} is part of an image: {e.Message.TrimEnd('.')}.",
                    "Remove the image, which removes its snapshots too: Remove-Fe2Ami.", snapshot.SnapshotId, e);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidSnapshot.NotFound")
            {
                // The end that was wanted.
            }
        });
}
