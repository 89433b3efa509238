using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Who made something: the value of the tag <c>fe2:owner</c>.</summary>
internal static class Owner
{
    /// <summary><c>user@computer</c>, in the characters that security group descriptions and tags both take.</summary>
    public static string Of(Fe2Environment environment)
    {
        string user = environment.Get("USER") ?? environment.Get("USERNAME") ?? Environment.UserName;
        string text = $"{user}@{Environment.MachineName}";
        string safe = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || "._-@".Contains(c, StringComparison.Ordinal) ? c : '_'));
        return safe.Length <= 200 ? safe : safe[..200];
    }
}
