using Amazon.AutoScaling;
using Amazon.AutoScaling.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Groups;

/// <summary>Changes groups while they run.</summary>
public sealed class GroupChanges(Fe2Session session, ISshConnector connector)
{
    /// <summary>Changes sizes, types and the share of spot machines. Machines that are there stay; the next ones follow the new rules.</summary>
    /// <returns>The group after it.</returns>
    /// <exception cref="Fe2Exception"><c>GroupSizesInvalid</c>, <c>TypesDiffer</c>, <c>GroupEnding</c>.</exception>
    public Task<AutoScalingGroup> ChangeAsync(AutoScalingGroup group, GroupChange change, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"change the group {group.AutoScalingGroupName}", group.AutoScalingGroupName, async () =>
        {
            string name = group.AutoScalingGroupName;
            if (change.IsEmpty)
                throw GroupErrors.Invalid("NothingToChange", $"Nothing was said that is to be different with '{name}'.", "Give -Desired, -Min, -Max, -Spot, -OnDemandBase or -InstanceType.", name);
            if (GroupFacts.IsEnding(group))
                throw GroupErrors.Deleting(name);
            GroupSizes sizes = GroupSizes.Of(group, change);
            if (change.InstanceTypes is { } types)
                await new GroupTypes(session).CheckAsync(types, cancellationToken).ConfigureAwait(false);
            var request = new UpdateAutoScalingGroupRequest { AutoScalingGroupName = name, MinSize = sizes.Min, MaxSize = sizes.Max, DesiredCapacity = sizes.Desired };
            if (change.IsPolicy)
            {
                LaunchTemplateSpecification template = GroupFacts.TemplateOf(group) ?? throw GroupErrors.Invalid(
                    "GroupWithoutTemplate", $"The group '{name}' has no launch template, so it cannot choose between types.", "Make one like it with New-Fe2Group.", name);
                request.MixedInstancesPolicy = MachinePolicy.Of(group, change, template);
                request.CapacityRebalance = true;
            }

            try
            {
                await session.Scaling.UpdateAutoScalingGroupAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonAutoScalingException e) when (GroupErrors.IsGone(e))
            {
                throw GroupErrors.NotFound(name, session.Region);
            }

            return await new GroupQuery(session).TryAsync(name, cancellationToken).ConfigureAwait(false) ?? throw GroupErrors.NotFound(name, session.Region);
        });

    /// <summary>Waits until a group has as many machines in service as it wants.</summary>
    /// <exception cref="Fe2Exception"><c>GroupNotReady</c>.</exception>
    public Task<AutoScalingGroup> WaitAsync(
        AutoScalingGroup group, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"wait for the group {group.AutoScalingGroupName}", group.AutoScalingGroupName, () =>
            new GroupWaiter(session, connector).InServiceAsync(
                group.AutoScalingGroupName, session.Clock.GetUtcNow() + timeout, timeout, $"Waiting for {group.AutoScalingGroupName}", report, cancellationToken));
}
