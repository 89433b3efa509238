namespace Fe2Ps.Sandbox.Iam;

/// <summary>What each operation asks for.</summary>
internal static class Rules
{
    private static readonly Dictionary<(string Service, string Operation), Action<Asking>> s_rules = Ec2Rules.All
        .Select(rule => KeyValuePair.Create(("ec2", rule.Key), rule.Value))
        .Concat(IamRules.All.Select(rule => KeyValuePair.Create(("iam", rule.Key), rule.Value)))
        .Concat(OtherRules.All)
        .ToDictionary();

    /// <summary>The rule of an operation, or null.</summary>
    public static Action<Asking>? Of(string service, string operation) => s_rules.GetValueOrDefault((service, operation));
}
