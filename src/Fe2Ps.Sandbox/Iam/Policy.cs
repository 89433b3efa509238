using System.Text.Json;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>A policy that IAM would not take, or one that the sandbox does not understand.</summary>
internal sealed class PolicyException(string message) : Exception(message);

/// <summary>One statement of an identity's policy.</summary>
/// <param name="Id">Its <c>Sid</c>, or its number.</param>
internal sealed record Statement(
    string Id, bool Allows, bool ActionsExcept, IReadOnlyList<string> Actions, bool ResourcesExcept, IReadOnlyList<string> Resources, IReadOnlyList<Condition> Conditions)
{
    /// <summary>True where the statement speaks of what is asked.</summary>
    public bool Fits(Ask ask, Caller caller, string region)
        => Actions.Any(action => Condition.Like(ask.Action.ToLowerInvariant(), action.ToLowerInvariant())) != ActionsExcept
            && Resources.Any(resource => Arns.Fits(resource, ask.Resource)) != ResourcesExcept
            && Conditions.All(condition => condition.Holds(ConditionKeys.Of(condition.Key, ask, caller, region)));
}

/// <summary>
/// An identity's policy (IAM user guide, "IAM JSON policy elements reference"). What the sandbox does not know of it is an error, never
/// passed over.
/// </summary>
internal static class Policy
{
    private static readonly HashSet<string> s_elements = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

    /// <exception cref="PolicyException">It is no policy of an identity, or has something that the sandbox does not know.</exception>
    public static IReadOnlyList<Statement> Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. Several(document.RootElement.GetProperty("Statement")).Select(Statement)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new PolicyException("Syntax errors in policy.");
        }
    }

    private static Statement Statement(JsonElement element, int number)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!s_elements.Contains(member.Name))
                throw new PolicyException(member.Name is "Principal" or "NotPrincipal" ? "Policy document should not specify a principal." : $"Unknown element {member.Name}.");
        }

        var effect = element.GetProperty("Effect").GetString();
        if (effect is not ("Allow" or "Deny"))
            throw new PolicyException($"Invalid effect: {effect}");
        var (notActions, actions) = Either(element, "Action", "NotAction");
        var (notResources, resources) = Either(element, "Resource", "NotResource");
        if (actions.FirstOrDefault(action => action != "*" && action.IndexOf(':', StringComparison.Ordinal) < 1) is { } bare)
            throw new PolicyException($"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {bare}");
        if (resources.FirstOrDefault(resource => resource != "*" && !resource.StartsWith("arn:", StringComparison.Ordinal)) is { } noArn)
            throw new PolicyException($"Resource {noArn} must be in ARN format or \"*\".");
        var id = element.TryGetProperty("Sid", out var sid) ? sid.GetString()! : $"{number}";
        List<Condition> conditions = element.TryGetProperty("Condition", out var given) ? [.. Conditions(given)] : [];
        foreach (var value in resources.Concat(conditions.SelectMany(condition => condition.Wanted)))
        {
            if (value.Contains("${", StringComparison.Ordinal))
                throw new PolicyException($"The sandbox fills in no policy variables: {value}");
        }

        return new Statement(id, effect == "Allow", notActions, actions, notResources, resources, conditions);
    }

    private static IEnumerable<Condition> Conditions(JsonElement element)
    {
        foreach (var operation in element.EnumerateObject())
        {
            if (!Condition.Knows(operation.Name))
                throw new PolicyException($"The sandbox does not know the condition operator {operation.Name}.");
            foreach (var key in operation.Value.EnumerateObject())
            {
                if (!ConditionKeys.Knows(key.Name))
                    throw new PolicyException($"The sandbox does not know the condition key {key.Name}.");
                yield return new Condition(operation.Name, key.Name, [.. Several(key.Value).Select(Text)]);
            }
        }
    }

    private static (bool Except, IReadOnlyList<string> Values) Either(JsonElement element, string name, string except)
    {
        var (has, hasNot) = (element.TryGetProperty(name, out var values), element.TryGetProperty(except, out var others));
        if (has == hasNot)
            throw new PolicyException($"A statement needs either {name} or {except}.");
        return (hasNot, [.. Several(has ? values : others).Select(Text)]);
    }

    private static IEnumerable<JsonElement> Several(JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [element];

    private static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => element.GetRawText(),
        _ => element.GetString() ?? throw new PolicyException("Syntax errors in policy."),
    };
}
