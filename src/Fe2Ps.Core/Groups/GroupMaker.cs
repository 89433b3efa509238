using Amazon.AutoScaling;
using Amazon.AutoScaling.Model;
using Amazon.ElasticLoadBalancingV2.Model;
using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using ScalingTag = Amazon.AutoScaling.Model.Tag;

namespace Fe2Ps.Core.Groups;

/// <summary>
/// Makes groups: a launch template of what <see cref="InstanceLauncher"/> would launch, and an Auto Scaling group that keeps so many of it
/// running. One that does not come up is removed again with everything that was made for it.
/// </summary>
public sealed class GroupMaker(Fe2Session session, ISshConnector connector)
{
    private static readonly TimeSpan RolePatience = TimeSpan.FromSeconds(60);

    /// <summary>Makes a group, and returns when a command over ssh works on its machines.</summary>
    /// <returns>The group as it is then.</returns>
    /// <exception cref="Fe2Exception">
    /// <c>GroupNameTaken</c>, <c>GroupSizesInvalid</c>, <c>TargetGroupNotFound</c>, <c>TypesDiffer</c>, <c>GroupNotReady</c>, and what a launch can meet.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled; a warning before it says what is left.</exception>
    public Task<AutoScalingGroup> MakeAsync(
        GroupRequest request, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"make the group {request.Machine.Name}", request.Machine.Name, async () =>
        {
            string name = request.Machine.Name;
            string activity = $"Making the group {name}";
            GroupSizes sizes = GroupSizes.Of(request);
            if (request.OnDemandBase < 0)
                throw GroupErrors.Invalid("OnDemandBaseInvalid", $"A base of {request.OnDemandBase} machines does not exist.", "Give -OnDemandBase 0 or more.", request.OnDemandBase);
            if (name.Contains(':', StringComparison.Ordinal))
                throw GroupErrors.Invalid("NameInvalid", $"'{name}' cannot be a group's name: Auto Scaling takes no colon in it.", "Choose a name without it.", name);
            string[] types = [.. request.InstanceTypes.Distinct(StringComparer.Ordinal)];
            LaunchPlan.Check(Machine(request, types));
            report?.Report(new ProgressReport(activity, "Choosing image, types, network and key", 0));
            Task<TargetGroup?> balancing = TargetAsync(request.TargetGroup, cancellationToken);
            if (await new GroupQuery(session).TryAsync(name, cancellationToken).ConfigureAwait(false) is { } known)
                throw GroupFacts.IsEnding(known) ? GroupErrors.Deleting(name) : GroupErrors.Taken(name);
            TargetGroup? target = await balancing.ConfigureAwait(false);
            await new GroupTypes(session).CheckAsync(types, cancellationToken).ConfigureAwait(false);
            LaunchPlan plan = await new LaunchPreparation(session).RunAsync(Machine(request, types), report, cancellationToken).ConfigureAwait(false);
            if (types.Length == 0)
                types = [plan.Type.InstanceType.Value];
            if (request.SpotPercent > 0)
                await AllowSpotAsync(report, cancellationToken).ConfigureAwait(false);

            var removal = new GroupRemoval(session, connector);
            try
            {
                report?.Report(new ProgressReport(activity, "Making its launch template", 10));
                string? userData = null;
                if (target is not null)
                {
                    userData = new GroupUserData(session).Of(target, plan.User, plan.Request.UserData);
                    plan = await WithRoleAsync(plan, target, report, cancellationToken).ConfigureAwait(false);
                }

                LaunchTemplateSpecification template = await new GroupTemplate(session).MakeAsync(plan, userData, cancellationToken).ConfigureAwait(false);
                report?.Report(new ProgressReport(activity, $"Asking for {sizes.Desired} machines", 15));
                await CreateAsync(Call(request, plan, sizes, types, template, target), cancellationToken).ConfigureAwait(false);
                var waiter = new GroupWaiter(session, connector);
                return request.NoWait
                    ? await waiter.SeenAsync(name, cancellationToken).ConfigureAwait(false)
                    : await waiter.ReadyAsync(name, plan.Key.PrivateFile, plan.User, request.ReadyTimeout, activity, report, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                report?.Report(new WarningReport(
                    $"Interrupted. The group {name} may be filling, and costs. Get-Fe2Group {name} -Region {session.Region} shows it, Remove-Fe2Group {name} -Region {session.Region} removes what there is of it."));
                throw;
            }
            catch (Exception e)
            {
                Fe2Exception failure = ErrorTranslation.Translate(e, session, $"make the group {name}", name);
                if (request.KeepOnFailure)
                    throw With(failure, $"What there is of it stays and costs, as -KeepOnFailure asks; Remove-Fe2Group {name} ends it.");
                report?.Report(new ProgressReport(activity, "Failed; removing what was made"));
                throw With(failure, await removal.UndoAsync(name, cancellationToken).ConfigureAwait(false));
            }
        });

    /// <summary>A machine has one role: where the user gave one, it must allow what ours would.</summary>
    private async Task<LaunchPlan> WithRoleAsync(LaunchPlan plan, TargetGroup target, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        if (plan.Request.InstanceProfile is { } given)
        {
            report?.Report(new VerboseReport(
                $"The role of {given} must allow elasticloadbalancing:DeregisterTargets on {target.TargetGroupArn} and elasticloadbalancing:DescribeTargetHealth, so that spot machines leave it at their notice."));
            return plan;
        }

        var role = new GroupRole(session, plan.Request.Name);
        return await role.TryMakeAsync(target.TargetGroupArn, report, cancellationToken).ConfigureAwait(false)
            ? plan with { Request = plan.Request with { InstanceProfile = role.Name } } : plan;
    }

    /// <summary>IAM is eventually consistent: for some seconds nobody else may know the profile that was just made.</summary>
    private async Task CreateAsync(CreateAutoScalingGroupRequest call, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + RolePatience;
        for (int n = 0; ; n++)
        {
            try
            {
                await session.Scaling.CreateAutoScalingGroupAsync(call, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (AmazonAutoScalingException e) when (
                e.ErrorCode == "ValidationError" && e.Message.Contains("nstance Profile", StringComparison.Ordinal) && session.Clock.GetUtcNow() < end)
            {
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static LaunchRequest Machine(GroupRequest request, string[] types) => request.Machine with
    {
        Count = 1,
        Spot = false,
        MaxPrice = null,
        InstanceType = types.Length > 0 ? types[0] : request.Machine.InstanceType,
        // A machine of a group that shuts itself down is replaced; nobody starts it again.
        OnShutdown = ShutdownAction.Terminate,
        Tags = new Dictionary<string, string>(request.Machine.Tags) { [GroupFacts.GroupTag] = request.Machine.Name },
    };

    private CreateAutoScalingGroupRequest Call(
        GroupRequest request, LaunchPlan plan, GroupSizes sizes, string[] types, LaunchTemplateSpecification template, TargetGroup? target) => new()
        {
            AutoScalingGroupName = request.Machine.Name,
            MinSize = sizes.Min,
            MaxSize = sizes.Max,
            DesiredCapacity = sizes.Desired,
            VPCZoneIdentifier = string.Join(',', plan.Subnets.Select(s => s.SubnetId)),
            MixedInstancesPolicy = MachinePolicy.Of(template, types, request.SpotPercent, request.OnDemandBase, request.Machine.MaxPrice),
            CapacityRebalance = true,
            TargetGroupARNs = target is null ? [] : [target.TargetGroupArn],
            HealthCheckType = request.HealthCheck.ToString(),
            // A machine that has not come up yet is not ill.
            HealthCheckGracePeriod = 300,
            Tags = [.. Tags(plan)],
        };

    /// <summary>The machines' tags, and once more by the group itself: what it propagates is there at the launch too.</summary>
    private IEnumerable<ScalingTag> Tags(LaunchPlan plan)
    {
        var tags = new Dictionary<string, string>(plan.Request.Tags)
        {
            [TagNames.Name] = plan.Request.Name,
            [TagNames.Owner] = Owner.Of(session.Environment),
            [TagNames.Launch] = plan.Id,
            [TagNames.User] = plan.User,
        };
        return tags.Select(t => new ScalingTag
        {
            Key = t.Key,
            Value = t.Value,
            PropagateAtLaunch = true,
            ResourceId = plan.Request.Name,
            ResourceType = "auto-scaling-group",
        });
    }

    private async Task<TargetGroup?> TargetAsync(string? named, CancellationToken cancellationToken) =>
        named is null ? null : await new TargetGroups(session).GetAsync(named, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// EC2 needs a role of its own before spot machines are asked for by another service. It is made once for an account; who may not make it
    /// mostly has it. Source: "Service-linked role for Spot Instance requests" in the EC2 user guide.
    /// </summary>
    private async Task AllowSpotAsync(IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        try
        {
            await session.Iam.GetRoleAsync(new GetRoleRequest { RoleName = "AWSServiceRoleForEC2Spot" }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonIdentityManagementServiceException missing) when (missing.ErrorCode == "NoSuchEntity")
        {
            try
            {
                await session.Iam.CreateServiceLinkedRoleAsync(new CreateServiceLinkedRoleRequest { AWSServiceName = "spot.amazonaws.com" }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonIdentityManagementServiceException e)
            {
                report?.Report(new VerboseReport($"EC2's role for spot machines could not be made: {e.Message}"));
            }
        }
        catch (AmazonIdentityManagementServiceException e)
        {
            report?.Report(new VerboseReport($"Whether EC2 has its role for spot machines could not be looked at: {e.Message}"));
        }
    }

    private static Fe2Exception With(Fe2Exception e, string more) => new(e.Id, e.Kind, $"{e.Message} {more}", e.NextStep, e.Target, e.InnerException ?? e);
}
