namespace Fe2Ps.Sandbox.Iam;

/// <summary>How policies name resources (IAM user guide, "IAM JSON policy elements: Resource").</summary>
internal static class Arns
{
    private const int Parts = 6;

    /// <summary>True where a pattern names an ARN. Wildcards stay within their part; parts that a short pattern lacks are taken for any.</summary>
    public static bool Fits(string pattern, string arn)
    {
        if (pattern == "*")
            return true;
        var (wanted, actual) = (pattern.Split(':', Parts), arn.Split(':', Parts));
        if (actual.Length < Parts)
            return false;
        return !actual.Where((part, place) => place < wanted.Length && !Condition.Like(part, wanted[place])).Any();
    }
}
