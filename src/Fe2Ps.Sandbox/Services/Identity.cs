using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>STS: who calls, and what an encoded refusal says.</summary>
internal static class Identity
{
    public static void Register(OperationTable table)
    {
        table.Add("sts", "GetCallerIdentity", call => new Fields
        {
            ["UserId"] = call.Caller.UserId,
            ["Account"] = call.AccountId,
            ["Arn"] = call.Caller.Arn,
        });
        table.Add("sts", "DecodeAuthorizationMessage", call => new Fields
        {
            ["DecodedMessage"] = Authorization.Decode(call.Input.Text("EncodedMessage")!)
                ?? throw new ApiException("InvalidAuthorizationMessageException", "Message is not valid"),
        });
    }
}
