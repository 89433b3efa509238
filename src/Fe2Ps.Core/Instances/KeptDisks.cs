using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>
/// Lets the disks that instances boot from outlive them. It is said when a launch has succeeded, not in the launch: what a launch that
/// fails has made must end with it.
/// </summary>
public sealed class KeptDisks(Fe2Session session)
{
    /// <summary>An instance that is still being launched may not be changed yet.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>From now on the disk stays when the instance ends, with the instance's name and tags.</summary>
    public Task KeepAsync(Instance instance, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"keep the disk of {InstanceFacts.Label(instance)}", instance.InstanceId, async () =>
        {
            DateTimeOffset end = session.Clock.GetUtcNow() + Patience;
            for (int n = 0; ; n++)
            {
                try
                {
                    await FreshRetry.RunAsync(session, () => KeepRawAsync(instance, cancellationToken), cancellationToken).ConfigureAwait(false);
                    return;
                }
                catch (AmazonEC2Exception e) when (e.ErrorCode is { } code && code.StartsWith("Incorrect", StringComparison.Ordinal) && session.Clock.GetUtcNow() < end)
                {
                    await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
                }
            }
        });

    private Task<ModifyInstanceAttributeResponse> KeepRawAsync(Instance instance, CancellationToken cancellationToken) =>
        session.Ec2.ModifyInstanceAttributeAsync(
            new ModifyInstanceAttributeRequest
            {
                InstanceId = instance.InstanceId,
                BlockDeviceMappings =
                [
                    new InstanceBlockDeviceMappingSpecification
                    {
                        DeviceName = instance.RootDeviceName,
                        Ebs = new EbsInstanceBlockDeviceSpecification { DeleteOnTermination = false },
                    },
                ],
            },
            cancellationToken);
}
