using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.IdentityManagement;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Roles;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Groups;

/// <summary>
/// The role by which the machines of a group leave its target group: that and to look how far it is, and nothing else. Source: "Actions,
/// resources, and condition keys for Elastic Load Balancing V2" in the service authorization reference.
/// </summary>
internal sealed class GroupRole(Fe2Session session, string group)
{
    private const string PolicyName = "fe2-deregister";
    private const int MostReadable = 24;

    private readonly MachineRole role = new(session, NameOf(group, session.Region));

    /// <summary>The name of role and instance profile: IAM's are not of a region, and take 64 characters of a few kinds.</summary>
    public string Name => NameOf(group, session.Region);

    /// <summary>Makes it.</summary>
    /// <returns>False where these credentials may not; what may be done without it is up to the caller.</returns>
    public async Task<bool> TryMakeAsync(string targetGroupArn, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        try
        {
            await role.MakeAsync(
                new MachineRoleFacts(
                    Name, "Lets the machines of a group of Fe2Ps leave their target group", "group", SupervisorPolicy.Trust(session.Region), PolicyName, Policy(targetGroupArn))
                {
                    Tags = new Dictionary<string, string> { [GroupFacts.GroupTag] = group },
                },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode is "AccessDenied" or "UnauthorizedOperation")
        {
            report?.Report(new WarningReport(
                $"These credentials may not make the role {Name}, by which spot machines would leave the target group at their interruption notice. "
                + "They leave it when Auto Scaling ends them, or when its health checks fail."));
            return false;
        }
    }

    /// <summary>True where there is something of it; false also where that may not be looked at.</summary>
    public async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await role.ExistsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode is "AccessDenied" or "UnauthorizedOperation")
        {
            return false;
        }
    }

    /// <summary>Deletes it. Raw errors.</summary>
    public Task DeleteAsync(CancellationToken cancellationToken) => role.DeleteAsync(PolicyName, cancellationToken);

    /// <summary>Always the same for a group, so that what an interrupted making left is found.</summary>
    internal static string NameOf(string group, string region)
    {
        string readable = string.Concat(group.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        string hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(group)))[..8].ToLowerInvariant();
        return $"fe2-group-{region}-{(readable.Length <= MostReadable ? readable : readable[..MostReadable])}-{hash}";
    }

    private static string Policy(string targetGroupArn) => new JsonObject
    {
        ["Version"] = "2012-10-17",
        ["Statement"] = new JsonArray(
            Statement("elasticloadbalancing:DeregisterTargets", targetGroupArn),
            // Nothing that looks can be limited to one target group.
            Statement("elasticloadbalancing:DescribeTargetHealth", "*")),
    }.ToJsonString();

    private static JsonObject Statement(string action, string resource) => new() { ["Effect"] = "Allow", ["Action"] = action, ["Resource"] = resource };
}
