using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Sandbox.Services;

/// <summary>A public key in OpenSSH form.</summary>
/// <param name="Type">rsa or ed25519.</param>
/// <param name="Text">Algorithm and base64, without a comment.</param>
internal sealed record PublicKey(string Type, string Text, byte[] Blob)
{
    /// <summary>Reads a line of an authorized_keys file, or null when it is no RSA or ED25519 key.</summary>
    public static PublicKey? Read(string text)
    {
        var words = text.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || words[0] is not ("ssh-rsa" or "ssh-ed25519"))
            return null;
        try
        {
            var blob = Convert.FromBase64String(words[1]);
            var parts = Parts(blob);
            if (parts.Count == 0 || Encoding.ASCII.GetString(parts[0]) != words[0] || parts.Count != (words[0] == "ssh-rsa" ? 3 : 2))
                return null;
            return words[0] == "ssh-ed25519" && parts[1].Length != 32
                ? null : new PublicKey(words[0] == "ssh-rsa" ? "rsa" : "ed25519", $"{words[0]} {words[1]}", blob);
        }
        catch (Exception error) when (error is FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>
    /// The fingerprint that EC2 shows for an imported key (EC2 user guide, "Verify the fingerprint of your key pair"): MD5 of the DER
    /// public key for RSA, the SHA-256 of OpenSSH for ED25519.
    /// </summary>
    public string ImportedFingerprint()
    {
        if (Type == "ed25519")
            return Sha256();
        var parts = Parts(Blob);
        using var rsa = RSA.Create(new RSAParameters { Exponent = Trim(parts[1]), Modulus = Trim(parts[2]) });
        return Colons(MD5.HashData(rsa.ExportSubjectPublicKeyInfo()));
    }

    public string Sha256() => Convert.ToBase64String(SHA256.HashData(Blob));

    public static string Colons(byte[] hash) => string.Join(':', hash.Select(part => part.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Writes strings with their lengths in front, as the SSH protocol does.</summary>
    public static byte[] Join(params byte[][] parts)
    {
        var result = new byte[parts.Sum(part => part.Length + 4)];
        var position = 0;
        foreach (var part in parts)
        {
            BinaryPrimitives.WriteInt32BigEndian(result.AsSpan(position), part.Length);
            part.CopyTo(result, position + 4);
            position += part.Length + 4;
        }

        return result;
    }

    private static byte[] Trim(byte[] number) => number is [0, .. var rest] ? rest : number;

    private static List<byte[]> Parts(byte[] blob)
    {
        var parts = new List<byte[]>();
        for (var position = 0; position < blob.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(blob.AsSpan(position, 4));
            parts.Add(blob.AsSpan(position + 4, length).ToArray());
            position += length + 4;
        }

        return parts;
    }
}
