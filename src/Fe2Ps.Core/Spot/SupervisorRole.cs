using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// The role <c>fe2-monitor-REGION</c> and the instance profile of the same name, by which the monitors of a region act: one for an account
/// and region, made when the first job needs it, taken away with the last monitor that has it.
/// </summary>
internal sealed class SupervisorRole(Fe2Session session)
{
    /// <summary>How long a profile that was just made may be unknown to EC2.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The name of role and profile.</summary>
    public string Name => "fe2-monitor-" + session.Region;

    /// <summary>Gives the monitor the profile, and makes it where it is missing.</summary>
    /// <returns>Null, or why the monitor cannot have it.</returns>
    /// <exception cref="Fe2Exception">A refusal.</exception>
    public Task<string?> EnsureAsync(string monitorId, CancellationToken cancellationToken) =>
        session.GuardAsync($"give {monitorId} the role {Name}", Name, async () =>
        {
            Amazon.EC2.Model.Instance monitor = await new InstanceQuery(session).GetAsync(monitorId, cancellationToken).ConfigureAwait(false);
            if (monitor.IamInstanceProfile?.Arn is { Length: > 0 } present)
            {
                if (!IsOurs(present))
                    return $"it has the instance profile {present[(present.LastIndexOf('/') + 1)..]} already, and a machine can have only one";
                await TryRenewAsync(cancellationToken).ConfigureAwait(false);
                return null;
            }

            var isNew = await MakeAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await AssociateAsync(monitorId, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (Exception) when (isNew)
            {
                await TryDeleteAsync().ConfigureAwait(false);
                throw;
            }
        });

    /// <summary>Takes role and profile away when the last machine that had them has been removed.</summary>
    /// <param name="removed">Machines that are ending.</param>
    /// <returns>Null, or what is left and why.</returns>
    public async Task<string?> RemoveUnusedAsync(IReadOnlyList<Amazon.EC2.Model.Instance> removed, CancellationToken cancellationToken)
    {
        HashSet<string> gone = [.. removed.Where(i => IsOurs(i.IamInstanceProfile?.Arn)).Select(i => i.InstanceId)];
        if (gone.Count == 0)
            return null;
        try
        {
            await session.GuardAsync($"remove the role {Name}", Name, async () =>
            {
                DescribeIamInstanceProfileAssociationsResponse with = await session.Ec2.DescribeIamInstanceProfileAssociationsAsync(
                    new DescribeIamInstanceProfileAssociationsRequest { MaxResults = 1000 }, cancellationToken).ConfigureAwait(false);
                if (!with.IamInstanceProfileAssociations.Any(a => IsOurs(a.IamInstanceProfile?.Arn) && !gone.Contains(a.InstanceId)))
                    await DeleteAsync(cancellationToken).ConfigureAwait(false);
            }).ConfigureAwait(false);
            return null;
        }
        catch (Fe2Exception e)
        {
            return $"The role and the instance profile {Name}, which nothing uses any more, are left. {e.Message}";
        }
    }

    private bool IsOurs(string? arn) => arn?.EndsWith("/" + Name, StringComparison.Ordinal) == true;

    /// <summary>Makes what is missing. True where the profile is new.</summary>
    private async Task<bool> MakeAsync(CancellationToken cancellationToken)
    {
        InstanceProfile? profile = await FindAsync(cancellationToken).ConfigureAwait(false);
        List<Amazon.IdentityManagement.Model.Tag> tags =
        [
            new() { Key = TagNames.Owner, Value = Owner.Of(session.Environment) },
            new() { Key = "fe2:role", Value = "monitor" },
        ];
        if (profile?.Roles is not { Count: > 0 })
        {
            await UnlessThereAsync(() => session.Iam.CreateRoleAsync(
                new CreateRoleRequest
                {
                    RoleName = Name,
                    AssumeRolePolicyDocument = SupervisorPolicy.Trust(session.Region),
                    Description = "Lets monitors of Fe2Ps replace the machines of jobs",
                    Tags = tags,
                },
                cancellationToken)).ConfigureAwait(false);
        }

        await PutPolicyAsync(cancellationToken).ConfigureAwait(false);
        if (profile is null)
        {
            await UnlessThereAsync(() => session.Iam.CreateInstanceProfileAsync(
                new CreateInstanceProfileRequest { InstanceProfileName = Name, Tags = tags }, cancellationToken)).ConfigureAwait(false);
        }

        if (profile?.Roles is not { Count: > 0 })
        {
            // LimitExceeded: somebody else was quicker, a profile has one role.
            await UnlessThereAsync(() => session.Iam.AddRoleToInstanceProfileAsync(
                new AddRoleToInstanceProfileRequest { InstanceProfileName = Name, RoleName = Name }, cancellationToken)).ConfigureAwait(false);
        }

        return profile is null;
    }

    private Task PutPolicyAsync(CancellationToken cancellationToken) => session.Iam.PutRolePolicyAsync(
        new PutRolePolicyRequest { RoleName = Name, PolicyName = SupervisorPolicy.Name, PolicyDocument = SupervisorPolicy.For(session.Region) },
        cancellationToken);

    /// <summary>The policy may be an older version's. Whoever may not change it works with what there is: the dry run tells.</summary>
    private async Task TryRenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PutPolicyAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonServiceException)
        {
        }
    }

    private async Task<InstanceProfile?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            GetInstanceProfileResponse found = await session.Iam.GetInstanceProfileAsync(
                new GetInstanceProfileRequest { InstanceProfileName = Name }, cancellationToken).ConfigureAwait(false);
            return found.InstanceProfile;
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode == "NoSuchEntity")
        {
            return null;
        }
    }

    /// <summary>IAM is eventually consistent: EC2 may not know for some seconds what was just made.</summary>
    private async Task AssociateAsync(string monitorId, CancellationToken cancellationToken)
    {
        DateTimeOffset end = session.Clock.GetUtcNow() + Patience;
        for (int n = 0; ; n++)
        {
            try
            {
                await session.Ec2.AssociateIamInstanceProfileAsync(
                    new AssociateIamInstanceProfileRequest { InstanceId = monitorId, IamInstanceProfile = new IamInstanceProfileSpecification { Name = Name } },
                    cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidParameterValue" && session.Clock.GetUtcNow() < end)
            {
                await session.Pace.WaitAsync(n, session.Clock, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "IncorrectState")
            {
                // Another job of this monitor was quicker.
                return;
            }
        }
    }

    private async Task DeleteAsync(CancellationToken cancellationToken)
    {
        await IfThereAsync(() => session.Iam.RemoveRoleFromInstanceProfileAsync(
            new RemoveRoleFromInstanceProfileRequest { InstanceProfileName = Name, RoleName = Name }, cancellationToken)).ConfigureAwait(false);
        await IfThereAsync(() => session.Iam.DeleteInstanceProfileAsync(
            new DeleteInstanceProfileRequest { InstanceProfileName = Name }, cancellationToken)).ConfigureAwait(false);
        await IfThereAsync(() => session.Iam.DeleteRolePolicyAsync(
            new DeleteRolePolicyRequest { RoleName = Name, PolicyName = SupervisorPolicy.Name }, cancellationToken)).ConfigureAwait(false);
        await IfThereAsync(() => session.Iam.DeleteRoleAsync(new DeleteRoleRequest { RoleName = Name }, cancellationToken)).ConfigureAwait(false);
    }

    private async Task TryDeleteAsync()
    {
        try
        {
            await DeleteAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            // The failure that led here is the one to report; what is left costs nothing, and the next job uses it.
        }
    }

    private static async Task UnlessThereAsync(Func<Task> make)
    {
        try
        {
            await make().ConfigureAwait(false);
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode is "EntityAlreadyExists" or "LimitExceeded")
        {
        }
    }

    private static async Task IfThereAsync(Func<Task> delete)
    {
        try
        {
            await delete().ConfigureAwait(false);
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode == "NoSuchEntity")
        {
        }
    }
}
