using System.Security.Cryptography;

namespace Fe2Ps.Core.Ssh;

/// <summary>A host's public key, as a known_hosts line holds it.</summary>
/// <param name="Type">For example <c>ssh-ed25519</c>.</param>
/// <param name="Blob">The key in base64.</param>
public sealed record HostKey(string Type, string Blob)
{
    /// <summary>The fingerprint in the form of <c>ssh-keygen -l</c>: <c>SHA256:</c> and 43 characters.</summary>
    public string Fingerprint { get; } =
        "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(Blob))).TrimEnd('=');

    /// <summary>Reads the key of one known_hosts line (<c>names type blob comment</c>), or null where the line holds none.</summary>
    internal static HostKey? FromKnownHosts(string line, out string names)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        names = fields.Length > 0 ? fields[0] : "";
        // '#' begins a comment, '@' a marker (revoked, cert-authority); this project writes neither.
        if (fields.Length < 3 || names[0] is '#' or '@' || !IsBase64(fields[2]))
            return null;
        return new HostKey(fields[1], fields[2]);
    }

    private static bool IsBase64(string text) => Convert.TryFromBase64String(text, new byte[text.Length], out _);
}
