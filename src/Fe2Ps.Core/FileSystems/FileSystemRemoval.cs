using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.FileSystems;

/// <summary>Removes shared file systems with what is in them, their mount targets, and the security groups that were made for them.</summary>
public sealed class FileSystemRemoval(Fe2Session session)
{
    private static readonly TimeSpan GroupPatience = TimeSpan.FromMinutes(2);

    /// <summary>Removes one, and returns when nothing of it costs any more.</summary>
    /// <exception cref="Fe2Exception"><c>GroupLeft</c> where only its security group, which costs nothing, could not be deleted.</exception>
    public Task RemoveAsync(FileSystemDescription system, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"remove the file system {FileSystemFacts.Label(system)}", system.FileSystemId, async () =>
        {
            string activity = $"Removing {FileSystemFacts.Label(system)}";
            var maker = new FileSystemMaker(session);
            report?.Report(new ProgressReport(activity, "Deleting its mount targets", 10));
            foreach (MountTargetDescription target in await maker.TargetsAsync(system.FileSystemId, cancellationToken).ConfigureAwait(false))
            {
                await UnlessGoneAsync(() => session.FileSystems.DeleteMountTargetAsync(
                    new DeleteMountTargetRequest { MountTargetId = target.MountTargetId }, cancellationToken)).ConfigureAwait(false);
            }

            for (int n = 0; (await maker.TargetsAsync(system.FileSystemId, cancellationToken).ConfigureAwait(false)).Count > 0; n++)
            {
                report?.Report(new ProgressReport(activity, "Waiting for its mount targets to go", 40));
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }

            report?.Report(new ProgressReport(activity, "Deleting it", 80));
            await UnlessGoneAsync(() => session.FileSystems.DeleteFileSystemAsync(
                new DeleteFileSystemRequest { FileSystemId = system.FileSystemId }, cancellationToken)).ConfigureAwait(false);
            foreach (string group in await maker.GroupsAsync(system.FileSystemId, null, cancellationToken).ConfigureAwait(false))
                await DeleteGroupAsync(group, system, cancellationToken).ConfigureAwait(false);
        });

    /// <summary>The network interfaces of mount targets go a while after them, and hold the group as long.</summary>
    private async Task DeleteGroupAsync(string group, FileSystemDescription system, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + GroupPatience;
        for (int n = 0; ; n++)
        {
            try
            {
                await session.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group }, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidGroup.NotFound")
            {
                return;
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "DependencyViolation")
            {
                if (session.Clock.GetUtcNow() >= end)
                {
                    throw new Fe2Exception(
                        "GroupLeft", Fe2ErrorKind.OperationFailed, $"{FileSystemFacts.Label(system)} is gone; its security group {group}, which costs nothing, is still in use.",
                        $"Delete it later: aws ec2 delete-security-group --group-id {group}", group, e);
                }

                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task UnlessGoneAsync(Func<Task> delete)
    {
        try
        {
            await delete().ConfigureAwait(false);
        }
        catch (AmazonElasticFileSystemException e) when (e.ErrorCode is "FileSystemNotFound" or "MountTargetNotFound")
        {
            // Somebody was faster.
        }
    }
}
