using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Roles;

/// <summary>What a role is for.</summary>
/// <param name="Name">The name of the role, and of the instance profile that carries it; at most 64 characters.</param>
/// <param name="Description">What people read in IAM.</param>
/// <param name="Purpose">The value of the tag <c>fe2:role</c>.</param>
/// <param name="Trust">Who may take it, as a policy.</param>
/// <param name="PolicyName">The name of its one policy.</param>
/// <param name="Policy">What it may do.</param>
internal sealed record MachineRoleFacts(string Name, string Description, string Purpose, string Trust, string PolicyName, string Policy)
{
    /// <summary>Further tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>A role by which machines act, with one policy, and the instance profile of the same name. IAM's roles cost nothing. Raw errors.</summary>
internal sealed class MachineRole(Fe2Session session, string name)
{
    /// <summary>Makes what is missing of it, and brings its policy up to date.</summary>
    /// <returns>True where the profile is new.</returns>
    public async Task<bool> MakeAsync(MachineRoleFacts facts, CancellationToken cancellationToken)
    {
        InstanceProfile? profile = await FindAsync(cancellationToken).ConfigureAwait(false);
        List<Tag> tags =
        [
            new() { Key = TagNames.Owner, Value = Owner.Of(session.Environment) },
            new() { Key = "fe2:role", Value = facts.Purpose },
            .. facts.Tags.Select(t => new Tag { Key = t.Key, Value = t.Value }),
        ];
        if (profile?.Roles is not { Count: > 0 })
        {
            await UnlessThereAsync(() => session.Iam.CreateRoleAsync(
                new CreateRoleRequest { RoleName = name, AssumeRolePolicyDocument = facts.Trust, Description = facts.Description, Tags = tags },
                cancellationToken)).ConfigureAwait(false);
        }

        await PutPolicyAsync(facts, cancellationToken).ConfigureAwait(false);
        if (profile is null)
        {
            await UnlessThereAsync(() => session.Iam.CreateInstanceProfileAsync(
                new CreateInstanceProfileRequest { InstanceProfileName = name, Tags = tags }, cancellationToken)).ConfigureAwait(false);
        }

        if (profile?.Roles is not { Count: > 0 })
        {
            // LimitExceeded: somebody else was quicker, a profile has one role.
            await UnlessThereAsync(() => session.Iam.AddRoleToInstanceProfileAsync(
                new AddRoleToInstanceProfileRequest { InstanceProfileName = name, RoleName = name }, cancellationToken)).ConfigureAwait(false);
        }

        return profile is null;
    }

    /// <summary>Brings the policy up to date, which may be an older version's. Whoever may not change it works with what there is.</summary>
    public async Task TryRenewAsync(MachineRoleFacts facts, CancellationToken cancellationToken)
    {
        try
        {
            await PutPolicyAsync(facts, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonServiceException)
        {
        }
    }

    /// <summary>True where there is something of it.</summary>
    public async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken).ConfigureAwait(false) is not null)
            return true;
        try
        {
            await session.Iam.GetRoleAsync(new GetRoleRequest { RoleName = name }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode == "NoSuchEntity")
        {
            return false;
        }
    }

    /// <summary>The ARN of the role that an instance profile hands on.</summary>
    /// <param name="profileArn">The profile's ARN.</param>
    public async Task<string?> RoleOfAsync(string profileArn, CancellationToken cancellationToken)
    {
        GetInstanceProfileResponse found = await session.Iam.GetInstanceProfileAsync(
            new GetInstanceProfileRequest { InstanceProfileName = profileArn[(profileArn.LastIndexOf('/') + 1)..] }, cancellationToken).ConfigureAwait(false);
        return found.InstanceProfile.Roles?.FirstOrDefault()?.Arn;
    }

    /// <summary>Gives the role one more policy, or the same again.</summary>
    public Task PutPolicyAsync(string policyName, string policy, CancellationToken cancellationToken) => session.Iam.PutRolePolicyAsync(
        new PutRolePolicyRequest { RoleName = name, PolicyName = policyName, PolicyDocument = policy }, cancellationToken);

    /// <summary>Takes the policies whose names begin so from the role.</summary>
    public async Task DeletePoliciesAsync(string prefix, CancellationToken cancellationToken)
    {
        string? marker = null;
        var names = new List<string>();
        do
        {
            ListRolePoliciesResponse page;
            try
            {
                page = await session.Iam.ListRolePoliciesAsync(new ListRolePoliciesRequest { RoleName = name, Marker = marker }, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode is "NoSuchEntity" or "AccessDenied")
            {
                // Whoever may not look deletes a role without such policies all the same.
                return;
            }

            names.AddRange((page.PolicyNames ?? []).Where(n => n.StartsWith(prefix, StringComparison.Ordinal)));
            marker = page.IsTruncated == true ? page.Marker : null;
        }
        while (marker is not null);

        foreach (string policy in names)
        {
            await IfThereAsync(() => session.Iam.DeleteRolePolicyAsync(
                new DeleteRolePolicyRequest { RoleName = name, PolicyName = policy }, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes what there is of it.</summary>
    public async Task DeleteAsync(string policyName, CancellationToken cancellationToken)
    {
        await IfThereAsync(() => session.Iam.RemoveRoleFromInstanceProfileAsync(
            new RemoveRoleFromInstanceProfileRequest { InstanceProfileName = name, RoleName = name }, cancellationToken)).ConfigureAwait(false);
        await IfThereAsync(() => session.Iam.DeleteInstanceProfileAsync(
            new DeleteInstanceProfileRequest { InstanceProfileName = name }, cancellationToken)).ConfigureAwait(false);
        await IfThereAsync(() => session.Iam.DeleteRolePolicyAsync(
            new DeleteRolePolicyRequest { RoleName = name, PolicyName = policyName }, cancellationToken)).ConfigureAwait(false);
        await IfThereAsync(() => session.Iam.DeleteRoleAsync(new DeleteRoleRequest { RoleName = name }, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>As <see cref="DeleteAsync"/>, where a failure is not to hide the one that led here: what is left costs nothing.</summary>
    public async Task TryDeleteAsync(string policyName)
    {
        try
        {
            await DeleteAsync(policyName, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException)
        {
            // The next one who needs the role uses what is there.
        }
    }

    private Task PutPolicyAsync(MachineRoleFacts facts, CancellationToken cancellationToken) => PutPolicyAsync(facts.PolicyName, facts.Policy, cancellationToken);

    private async Task<InstanceProfile?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            GetInstanceProfileResponse found = await session.Iam.GetInstanceProfileAsync(
                new GetInstanceProfileRequest { InstanceProfileName = name }, cancellationToken).ConfigureAwait(false);
            return found.InstanceProfile;
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode == "NoSuchEntity")
        {
            return null;
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
