using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Iam;

/// <summary>
/// IAM's condition operators (IAM user guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context
/// keys"). Those that are not here are refused when a policy is read.
/// </summary>
internal sealed record Condition(string Operator, string Key, IReadOnlyList<string> Wanted)
{
    private const string ForAll = "ForAllValues:";
    private const string ForAny = "ForAnyValue:";
    private const string IfExists = "IfExists";

    private static readonly Dictionary<string, (bool Negated, Func<string, string, bool> Match)> s_operators = new(StringComparer.OrdinalIgnoreCase)
    {
        ["StringEquals"] = (false, (value, wanted) => value == wanted),
        ["StringNotEquals"] = (true, (value, wanted) => value == wanted),
        ["StringEqualsIgnoreCase"] = (false, (value, wanted) => value.Equals(wanted, StringComparison.OrdinalIgnoreCase)),
        ["StringNotEqualsIgnoreCase"] = (true, (value, wanted) => value.Equals(wanted, StringComparison.OrdinalIgnoreCase)),
        ["StringLike"] = (false, Like),
        ["StringNotLike"] = (true, Like),
        ["Bool"] = (false, (value, wanted) => value.Equals(wanted, StringComparison.OrdinalIgnoreCase)),
        ["ArnEquals"] = (false, (value, wanted) => Arns.Fits(wanted, value)),
        ["ArnLike"] = (false, (value, wanted) => Arns.Fits(wanted, value)),
        ["ArnNotEquals"] = (true, (value, wanted) => Arns.Fits(wanted, value)),
        ["ArnNotLike"] = (true, (value, wanted) => Arns.Fits(wanted, value)),
    };

    /// <summary>True where there is such an operator, with its set and its <c>IfExists</c>.</summary>
    public static bool Knows(string name) => name.Equals("Null", StringComparison.OrdinalIgnoreCase) || s_operators.ContainsKey(Plain(name));

    /// <summary>Whether it holds for what a key is; null where the request has no such key.</summary>
    public bool Holds(IReadOnlyList<string>? values)
    {
        if (Operator.Equals("Null", StringComparison.OrdinalIgnoreCase))
            return Wanted.Any(wanted => wanted.Equals(values is null ? "true" : "false", StringComparison.OrdinalIgnoreCase));
        var (negated, match) = s_operators[Plain(Operator)];
        var (all, any) = (Begins(ForAll), Begins(ForAny));
        if (values is null)
            return all || Ends(Operator) || (negated && !any);
        bool Fits(string value) => Wanted.Any(wanted => match(value, wanted)) != negated;
        return all || (negated && !any) ? values.All(Fits) : values.Any(Fits);
    }

    /// <summary>IAM's <c>*</c> and <c>?</c>; a backslash is a character as any other.</summary>
    public static bool Like(string value, string pattern) => Wildcard.IsMatch(pattern.Replace(@"\", @"\\", StringComparison.Ordinal), value);

    private bool Begins(string set) => Operator.StartsWith(set, StringComparison.OrdinalIgnoreCase);

    private static bool Ends(string name) => name.EndsWith(IfExists, StringComparison.OrdinalIgnoreCase);

    private static string Plain(string name)
    {
        foreach (var set in new[] { ForAll, ForAny })
        {
            if (name.StartsWith(set, StringComparison.OrdinalIgnoreCase))
                name = name[set.Length..];
        }

        return Ends(name) ? name[..^IfExists.Length] : name;
    }
}
