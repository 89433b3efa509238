namespace Fe2Ps.Sandbox.Iam;

/// <summary>The condition keys that the sandbox fills in as AWS does, where AWS does. Any other is refused, as a guess would allow too much or too little.</summary>
internal static class ConditionKeys
{
    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase)
    {
        "aws:PrincipalAccount", "aws:PrincipalArn", "aws:RequestedRegion", "aws:TagKeys", "aws:userid",
        "ec2:CreateAction", "ec2:InstanceMarketType", "ec2:InstanceType", "ec2:Region", "ec2:SourceInstanceARN",
        "elasticfilesystem:CreateAction", "elasticloadbalancing:CreateAction",
        "iam:AWSServiceName", "iam:PassedToService", "iam:PolicyARN",
    };

    private static readonly string[] s_tags = ["aws:ResourceTag/", "aws:RequestTag/", "ec2:ResourceTag/"];

    public static bool Knows(string key) =>
        s_names.Contains(key) || s_tags.Any(prefix => key.Length > prefix.Length && key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The values that a key has for what is asked; null where it has none. Names of keys are the same in upper and lower case.</summary>
    public static IReadOnlyList<string>? Of(string key, Ask ask, Caller caller, string region)
    {
        if (key.IndexOf('/', StringComparison.Ordinal) is var slash and > 0)
        {
            var tags = key.StartsWith("aws:RequestTag/", StringComparison.OrdinalIgnoreCase) ? ask.Given : ask.Tags;
            var name = key[(slash + 1)..];
            return tags?.Where(tag => tag.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(tag => tag.Value).ToList() is { Count: > 0 } values ? values : null;
        }

        var value = key.ToLowerInvariant() switch
        {
            "aws:principalaccount" => caller.Account,
            "aws:principalarn" => caller.PolicyArn,
            "aws:requestedregion" or "ec2:region" => region,
            "aws:userid" => caller.UserId,
            "ec2:sourceinstancearn" => caller.InstanceArn,
            _ => ask.Keys.FirstOrDefault(pair => pair.Key.Equals(key, StringComparison.OrdinalIgnoreCase)).Value,
        };
        if (key.Equals("aws:TagKeys", StringComparison.OrdinalIgnoreCase))
            return ask.Given is { Count: > 0 } given ? [.. given.Keys] : null;
        return value is null ? null : [value];
    }
}
