using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>
/// Decides whether a caller may do what a call asks: a denial counts before everything, and what no statement allows is refused (IAM user
/// guide, "Policy evaluation logic").
/// </summary>
internal static class Gatekeeper
{
    /// <summary>Refuses what the caller's policies do not allow; the account's own user may do everything.</summary>
    /// <exception cref="ApiException">The refusal, in the service's words; <c>InternalError</c> where the sandbox cannot decide.</exception>
    public static void Check(Call call, ServiceModel service)
    {
        var caller = call.Caller;
        if (caller.IsOwner)
            return;
        if (Rules.Of(service.Id, call.Operation.Name) is not { } rule)
            throw Undecided(call, $"It has no rule for {service.Id} {call.Operation.Name}.");
        if (caller.Unread.FirstOrDefault() is { } unread)
            throw Undecided(call, $"It does not have the text of {unread}, which {caller.PolicyArn} has; put what it needs into an inline policy.");
        List<Statement> statements;
        try
        {
            statements = [.. caller.Policies.SelectMany(Policy.Read)];
        }
        catch (PolicyException error)
        {
            throw Undecided(call, error.Message);
        }

        var asking = new Asking(call, service.SigningName);
        rule(asking);
        foreach (var ask in asking.Asks)
        {
            var fitting = statements.Where(statement => statement.Fits(ask, caller, call.Facts.Name)).ToList();
            var denial = fitting.Find(statement => !statement.Allows);
            if (denial is not null || fitting.Count == 0)
                throw Authorization.Refusal(service, caller, ask, denial, call.Now);
        }
    }

    private static ApiException Undecided(Call call, string why)
    {
        var message = $"The sandbox cannot tell whether {call.Caller.Arn} may do this. {why}";
        call.Cloud.Log(message);
        return new ApiException("InternalError", message, 500);
    }
}
