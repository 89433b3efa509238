using System.Text;
using System.Text.Json;
using Fe2Ps.Sandbox.Iam;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>Refusals for want of a permission, and the encoded message that says why.</summary>
internal static class Authorization
{
    /// <summary>The refusal of a fault: to the account's own user, who has no policies.</summary>
    public static ApiException Refusal(ServiceModel service, string operation, DateTimeOffset now)
        => Refusal(service, Caller.Owner("123456789012"), new Ask($"{service.SigningName}:{operation}", "*"), null, now);

    /// <summary>The refusal of what a caller's policies do not allow, or deny.</summary>
    public static ApiException Refusal(ServiceModel service, Caller caller, Ask ask, Statement? denial, DateTimeOffset now)
    {
        var on = ask.Resource == "*" ? "" : $" on resource: {ask.Resource}";
        var why = $"User: {caller.Arn} is not authorized to perform: {ask.Action}{on} "
            + (denial is null ? $"because no identity-based policy allows the {ask.Action} action" : "with an explicit deny in an identity-based policy");
        if (service.Protocol != "ec2")
            return new ApiException(service.IsJson ? "AccessDeniedException" : "AccessDenied", why, service.Protocol == "json" ? 400 : 403);
        return new ApiException(
            "UnauthorizedOperation",
            $"You are not authorized to perform this operation. {why}. Encoded authorization failure message: "
            + Convert.ToBase64String(Encoding.UTF8.GetBytes(Reason(caller, ask, denial, now))),
            403);
    }

    /// <summary>What an encoded message says, or null when it is none.</summary>
    public static string? Decode(string encoded)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(encoded));
            using var document = JsonDocument.Parse(text);
            return text;
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            return null;
        }
    }

    private static string Reason(Caller caller, Ask ask, Statement? denial, DateTimeOffset now) => JsonSerializer.Serialize(new
    {
        allowed = false,
        explicitDeny = denial is not null,
        matchedStatements = new { items = denial is null ? [] : new object[] { new { statementId = denial.Id, effect = "DENY" } } },
        context = new
        {
            principal = new { id = caller.UserId, name = caller.Arn[(caller.Arn.LastIndexOf('/') + 1)..], arn = caller.Arn },
            action = ask.Action,
            resource = ask.Resource,
            conditions = new
            {
                items = (ask.Given ?? new Dictionary<string, string>()).Select(tag => ("aws:RequestTag/" + tag.Key, tag.Value))
                    .Concat((ask.Tags ?? new Dictionary<string, string>()).Select(tag => ("aws:ResourceTag/" + tag.Key, tag.Value)))
                    .Concat(ask.Keys.Select(key => (key.Key, key.Value)))
                    .Select(key => new { key = key.Item1, values = new { items = new[] { new { value = key.Item2 } } } }),
            },
            time = Timestamps.Iso(now),
        },
    });
}
