using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Backups;

/// <summary>
/// The role by which the Data Lifecycle Manager takes and removes snapshots: the account's default one, made where it is missing.
/// Source: "AWS Data Lifecycle Manager service roles" in the EBS user guide.
/// </summary>
internal sealed class BackupRole(Fe2Session session)
{
    public const string Name = "AWSDataLifecycleManagerDefaultRole";

    private const string Trust =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole"}]}""";

    /// <summary>The role's ARN, and whether it was made a moment ago: then others may not know it yet. Raw errors.</summary>
    public async Task<(string Arn, bool IsNew)> GetAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken).ConfigureAwait(false) is { } known)
            return (known.Arn, false);
        Role role;
        try
        {
            CreateRoleResponse made = await session.Iam.CreateRoleAsync(
                new CreateRoleRequest
                {
                    RoleName = Name,
                    AssumeRolePolicyDocument = Trust,
                    Description = "Lets the Data Lifecycle Manager take and remove snapshots",
                    Tags = [new Tag { Key = TagNames.Owner, Value = Owner.Of(session.Environment) }],
                },
                cancellationToken).ConfigureAwait(false);
            role = made.Role;
        }
        catch (EntityAlreadyExistsException)
        {
            // Somebody else was faster.
            role = await FindAsync(cancellationToken).ConfigureAwait(false) ?? throw new InvalidOperationException($"The role {Name} comes and goes.");
        }

        // Attaching twice is attaching once.
        await session.Iam.AttachRolePolicyAsync(
            new AttachRolePolicyRequest { RoleName = Name, PolicyArn = $"arn:{role.Arn.Split(':')[1]}:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole" },
            cancellationToken).ConfigureAwait(false);
        return (role.Arn, true);
    }

    /// <summary>Whether there is a role that this module has made.</summary>
    public async Task<bool> IsOursAsync(CancellationToken cancellationToken) =>
        (await FindAsync(cancellationToken).ConfigureAwait(false))?.Tags?.Any(t => t.Key == TagNames.Owner) == true;

    private async Task<Role?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await session.Iam.GetRoleAsync(new GetRoleRequest { RoleName = Name }, cancellationToken).ConfigureAwait(false)).Role;
        }
        catch (NoSuchEntityException)
        {
            return null;
        }
    }
}
