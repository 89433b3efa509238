namespace Fe2Ps.Core.Keys;

/// <summary>A public key in OpenSSH's one-line form.</summary>
/// <param name="Type">For example <c>ssh-ed25519</c>.</param>
/// <param name="Blob">The key itself, base64; two keys are the same when this is.</param>
/// <param name="Comment">What stands behind it, or an empty text.</param>
public sealed record PublicKey(string Type, string Blob, string Comment)
{
    /// <summary>True for the kinds that EC2 imports. Source: ImportKeyPair in the EC2 API reference.</summary>
    public bool IsImportable => Type is "ssh-ed25519" or "ssh-rsa";

    /// <summary>Reads a line such as <c>ssh-ed25519 AAAA... me@here</c>; null where it is not one.</summary>
    public static PublicKey? TryParse(string? line)
    {
        string[] parts = (line ?? "").Trim().Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2 || !parts[1].StartsWith("AAAA", StringComparison.Ordinal))
            return null;
        return new PublicKey(parts[0], parts[1], parts.Length > 2 ? parts[2] : "");
    }

    /// <summary>Reads a <c>.pub</c> file; null where there is none or it holds something else.</summary>
    public static PublicKey? TryRead(string file)
    {
        try
        {
            return TryParse(File.ReadLines(file).FirstOrDefault(l => l.Length > 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Comment.Length == 0 ? $"{Type} {Blob}" : $"{Type} {Blob} {Comment}";
}
