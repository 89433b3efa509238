using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>STS: who calls, and what an encoded refusal says.</summary>
internal static class Identity
{
    public static void Register(OperationTable table)
    {
        table.Add("sts", "GetCallerIdentity", call => new Fields
        {
            ["UserId"] = call.Session is { } session ? $"{session.RoleId}:{session.InstanceId}" : "AIDAFE2SANDBOX",
            ["Account"] = call.AccountId,
            ["Arn"] = call.Session is { } role
                ? $"arn:aws:sts::{call.AccountId}:assumed-role/{role.RoleName}/{role.InstanceId}" : $"arn:aws:iam::{call.AccountId}:user/fe2",
        });
        table.Add("sts", "DecodeAuthorizationMessage", call => new Fields
        {
            ["DecodedMessage"] = Authorization.Decode(call.Input.Text("EncodedMessage")!)
                ?? throw new ApiException("InvalidAuthorizationMessageException", "Message is not valid"),
        });
    }
}
