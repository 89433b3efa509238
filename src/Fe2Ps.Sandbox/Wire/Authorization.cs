using System.Text;
using System.Text.Json;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>Refusals for want of a permission, and the encoded message that says why.</summary>
internal static class Authorization
{
    public static ApiException Refusal(ServiceModel service, string operation, DateTimeOffset now)
    {
        const string principal = "arn:aws:iam::123456789012:user/fe2";
        if (service.Protocol != "ec2")
        {
            return new ApiException(
                service.IsJson ? "AccessDeniedException" : "AccessDenied",
                $"User: {principal} is not authorized to perform: {service.Id}:{operation} because no identity-based policy allows the {service.Id}:{operation} action",
                service.IsJson ? 400 : 403);
        }

        var reason = JsonSerializer.Serialize(new
        {
            allowed = false,
            explicitDeny = false,
            matchedStatements = new { items = Array.Empty<object>() },
            context = new { principal = new { id = "AIDAFE2SANDBOX", name = "fe2", arn = principal }, action = $"ec2:{operation}", time = Timestamps.Iso(now) },
        });
        return new ApiException(
            "UnauthorizedOperation",
            $"You are not authorized to perform this operation. User: {principal} is not authorized to perform: ec2:{operation} because no "
            + $"identity-based policy allows the ec2:{operation} action. Encoded authorization failure message: {Convert.ToBase64String(Encoding.UTF8.GetBytes(reason))}",
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
}
