namespace Fe2Ps.Sandbox.Iam;

/// <summary>
/// What a policy is asked: one action on one resource. A call asks for one or several, and is allowed when all are. Which ones, is told by
/// "Actions, resources, and condition keys" of each service in the service authorization reference.
/// </summary>
/// <param name="Action">For example <c>ec2:RunInstances</c>.</param>
/// <param name="Resource">An ARN, with <c>*</c> for the id of what is only being made; <c>*</c> alone where the action is of no resource.</param>
internal sealed record Ask(string Action, string Resource)
{
    /// <summary>The tags that the resource has.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The tags that the request gives to the resource, or takes from it.</summary>
    public IReadOnlyDictionary<string, string>? Given { get; init; }

    /// <summary>Further condition keys with their values.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>();
}
