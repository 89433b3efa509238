using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Spot;

/// <summary>Writes down what a job's machine is like, so that another can take its place.</summary>
/// <param name="session">The region.</param>
/// <param name="connector">The way to the machine, which is asked where its volumes are mounted; without it the job has none.</param>
/// <param name="report">Told of volumes that cannot follow.</param>
public sealed class RecoveryPlan(Fe2Session session, ISshConnector? connector = null, IProgress<Fe2Report>? report = null)
{
    /// <summary>How often the memory of a script is kept, or null for never.</summary>
    /// <param name="isWanted">Whether that was asked for; an interval asks for it too.</param>
    /// <param name="every">As <see cref="CheckpointEvery.Parse"/> reads it, or null.</param>
    /// <param name="recovers">Whether the job goes on on another machine.</param>
    /// <exception cref="Fe2Exception"><c>CheckpointNeedsRecover</c>, <c>CheckpointEveryInvalid</c>.</exception>
    public static TimeSpan? Checkpoints(bool isWanted, string? every, bool recovers) =>
        !isWanted && every is null ? null : recovers ? CheckpointEvery.Parse(every) : throw JobErrors.CheckpointNeedsRecover();

    /// <summary>The facts of a job that is about to start on this machine.</summary>
    public Task<RecoveryFacts> OfAsync(
        JobMachine machine, RecoveryOptions options, InterruptSignal signal, CancellationToken cancellationToken = default) =>
        session.GuardAsync("see what the machine is like", machine.Id, async () =>
        {
            Instance instance = await new InstanceQuery(session).GetAsync(machine.Id, cancellationToken).ConfigureAwait(false);
            int? disk = null;
            if (instance.BlockDeviceMappings?.FirstOrDefault(b => b.DeviceName == instance.RootDeviceName)?.Ebs?.VolumeId is { } root)
            {
                DescribeVolumesResponse volumes = await session.Ec2.DescribeVolumesAsync(
                    new DescribeVolumesRequest { VolumeIds = [root] }, cancellationToken).ConfigureAwait(false);
                disk = volumes.Volumes.FirstOrDefault()?.Size;
            }

            bool isUsual = instance.SecurityGroups is [{ GroupName: SshAccess.GroupName }];
            OnInterruption onInterruption = await OnInterruptionAsync(instance, cancellationToken).ConfigureAwait(false);
            return new RecoveryFacts(
                options,
                new ReplacementMachine(
                    machine.Name, instance.ImageId, instance.InstanceType.Value, instance.Placement.AvailabilityZone, disk, instance.KeyName,
                    isUsual ? [] : [.. instance.SecurityGroups.Select(g => g.GroupId)], machine.Ssh.User, instance.IamInstanceProfile?.Arn,
                    InstanceFacts.IsSpot(instance),
                    instance.Tags.Where(t => IsOwn(t.Key)).ToDictionary(t => t.Key, t => t.Value))
                {
                    OnInterruption = onInterruption,
                },
                signal,
                [AttemptOf(instance, 1) with { Started = session.Clock.GetUtcNow() }])
            {
                Volumes = connector is null ? [] : await new JobVolumes(session, connector, report)
                    .FindAsync(machine, persist: onInterruption != OnInterruption.Terminate, cancellationToken).ConfigureAwait(false),
            };
        });

    /// <summary>A machine as an attempt of a job; its script has not been started yet.</summary>
    internal JobAttempt AttemptOf(Instance instance, int number) => new(
        number, instance.InstanceId, instance.InstanceType.Value, instance.Placement.AvailabilityZone, InstanceFacts.IsSpot(instance),
        new PriceBook(session).TryGetCached(instance));

    /// <summary>What the machine's spot request says.</summary>
    private async Task<OnInterruption> OnInterruptionAsync(Instance instance, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(instance.SpotInstanceRequestId))
            return OnInterruption.Terminate;
        DescribeSpotInstanceRequestsResponse found = await session.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [InstanceQuery.Filter("spot-instance-request-id", [instance.SpotInstanceRequestId])] },
            cancellationToken).ConfigureAwait(false);
        return found.SpotInstanceRequests.FirstOrDefault()?.InstanceInterruptionBehavior?.Value switch
        {
            "stop" => OnInterruption.Stop,
            "hibernate" => OnInterruption.Hibernate,
            _ => OnInterruption.Terminate,
        };
    }

    private static bool IsOwn(string key) =>
        key != TagNames.Name && !key.StartsWith("fe2:", StringComparison.Ordinal) && !key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase);
}
