using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.IdentityManagement;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Roles;
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
                await Role.TryRenewAsync(Facts, cancellationToken).ConfigureAwait(false);
                return null;
            }

            var isNew = await Role.MakeAsync(Facts, cancellationToken).ConfigureAwait(false);
            try
            {
                await AssociateAsync(monitorId, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (Exception) when (isNew)
            {
                await Role.TryDeleteAsync(SupervisorPolicy.Name).ConfigureAwait(false);
                throw;
            }
        });

    /// <summary>
    /// Lets the monitors hand on the role of a job's machine, that one alone, to machines of EC2. It stays until the role goes: other jobs
    /// may have machines with the same one.
    /// </summary>
    /// <param name="profileArn">The machine's instance profile.</param>
    /// <returns>Null, or why they may not.</returns>
    public async Task<string?> HandOnAsync(string profileArn, CancellationToken cancellationToken)
    {
        string profile = profileArn[(profileArn.LastIndexOf('/') + 1)..];
        try
        {
            string? role = await Role.RoleOfAsync(profileArn, cancellationToken).ConfigureAwait(false);
            if (role is not null)
            {
                await Role.PutPolicyAsync(
                    SupervisorPolicy.HandOnPrefix + role[(role.LastIndexOf('/') + 1)..], SupervisorPolicy.HandOn(role, session.Region), cancellationToken).ConfigureAwait(false);
            }

            return null;
        }
        catch (AmazonIdentityManagementServiceException e)
        {
            return $"its machine has the instance profile {profile}, whose role the monitor must be let hand on, and that was refused ({e.Message.TrimEnd('.')})";
        }
    }

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
                {
                    await Role.DeletePoliciesAsync(SupervisorPolicy.HandOnPrefix, cancellationToken).ConfigureAwait(false);
                    await Role.DeleteAsync(SupervisorPolicy.Name, cancellationToken).ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
            return null;
        }
        catch (Fe2Exception e)
        {
            return $"The role and the instance profile {Name}, which nothing uses any more, are left. {e.Message}";
        }
    }

    private bool IsOurs(string? arn) => arn?.EndsWith("/" + Name, StringComparison.Ordinal) == true;

    private MachineRole Role => new(session, Name);

    private MachineRoleFacts Facts => new(
        Name, "Lets monitors of Fe2Ps replace the machines of jobs", "monitor", SupervisorPolicy.Trust(session.Region), SupervisorPolicy.Name,
        SupervisorPolicy.For(session.Region));

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
}
