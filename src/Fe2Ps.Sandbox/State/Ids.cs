using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Sandbox.State;

/// <summary>Makes ids of EC2's form: a prefix and 17 hexadecimal digits.</summary>
internal static class Ids
{
    /// <summary>A new id that nothing else has.</summary>
    public static string New(string prefix) => $"{prefix}-0{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";

    /// <summary>The same id for the same text, for what is the same in every sandbox.</summary>
    public static string Of(string prefix, string text) => $"{prefix}-0{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}";

    /// <summary>Whether an id has the form of a resource of this prefix.</summary>
    public static bool IsForm(string id, string prefix)
        => id.Length > prefix.Length + 8 && id.StartsWith(prefix + "-", StringComparison.Ordinal)
            && id.AsSpan(prefix.Length + 1) is { Length: 8 or 17 } rest && !rest.ContainsAnyExcept("0123456789abcdef");
}
