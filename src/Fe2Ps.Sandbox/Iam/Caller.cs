using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>Who signed a call: the account's own user, who may do everything; a user with policies; or the role of an instance.</summary>
/// <param name="Arn">As STS tells it.</param>
/// <param name="PolicyArn">As policies know it: of a role, the role's own.</param>
internal sealed record Caller(string Account, string Arn, string PolicyArn, string UserId)
{
    /// <summary>Whose rights have no limits.</summary>
    public bool IsOwner { get; init; }

    /// <summary>The policies, as JSON; all of them are read for each call, as they may have changed meanwhile.</summary>
    public IReadOnlyCollection<string> Policies { get; init; } = [];

    /// <summary>The ARNs of AWS's own policies, whose text the sandbox does not have.</summary>
    public IReadOnlyCollection<string> Unread { get; init; } = [];

    /// <summary>The instance whose role it is.</summary>
    public string? InstanceArn { get; init; }

    /// <summary>The account's own user.</summary>
    public static Caller Owner(string account) => new(account, $"arn:aws:iam::{account}:user/fe2", $"arn:aws:iam::{account}:user/fe2", "AIDAFE2SANDBOX") { IsOwner = true };

    /// <summary>Whose access key it is; its signature has been checked. Needs the sandbox's gate.</summary>
    public static Caller Find(Cloud cloud, string accessKey, string region)
    {
        var account = cloud.State.AccountId;
        if (cloud.State.UserOf(accessKey) is { } user)
            return new(account, user.Arn, user.Arn, user.Id) { Policies = user.Policies };
        if (cloud.Sessions.Find(accessKey) is not { } session)
            return accessKey == Credentials.AccessKey ? Owner(account) : new(account, "unknown", "unknown", "unknown");
        var arn = $"arn:aws:sts::{account}:assumed-role/{session.RoleName}/{session.InstanceId}";

        // A role that is gone, or another of its name, gives nothing any more to those who still have its keys.
        var role = cloud.State.Roles.GetValueOrDefault(session.RoleName) is { } named && named.Id == session.RoleId ? named : null;
        return new(account, arn, role?.Arn ?? arn, $"{session.RoleId}:{session.InstanceId}")
        {
            Policies = role is null ? [] : [.. role.Policies.Values],
            Unread = role is null ? [] : role.ManagedPolicies,
            InstanceArn = $"arn:aws:ec2:{region}:{account}:instance/{session.InstanceId}",
        };
    }

    /// <summary>The secret key of a user that has policies, or null.</summary>
    public static string? Secret(Cloud cloud, string accessKey)
    {
        lock (cloud.Gate)
            return cloud.State.UserOf(accessKey)?.SecretKey;
    }
}
