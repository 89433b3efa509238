using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Makes the keys of CreateKeyPair.</summary>
internal static class NewKeys
{
    /// <summary>RSA 2048 as a PKCS#1 PEM; EC2's fingerprint is the SHA-1 of the DER private key in PKCS#8.</summary>
    public static (PublicKey Key, string Private, string Fingerprint) Rsa()
    {
        using var rsa = RSA.Create(2048);
        var numbers = rsa.ExportParameters(false);
        var blob = PublicKey.Join(Encoding.ASCII.GetBytes("ssh-rsa"), Positive(numbers.Exponent!), Positive(numbers.Modulus!));
        var key = new PublicKey("rsa", $"ssh-rsa {Convert.ToBase64String(blob)}", blob);
        return (key, rsa.ExportRSAPrivateKeyPem(), PublicKey.Colons(SHA1.HashData(rsa.ExportPkcs8PrivateKey())));
    }

    /// <summary>ED25519 as OpenSSH writes it; .NET has no such keys, so ssh-keygen makes it.</summary>
    public static (PublicKey Key, string Private, string Fingerprint) Ed25519(string name)
    {
        var folder = Directory.CreateTempSubdirectory("fe2-key-").FullName;
        try
        {
            var file = Path.Combine(folder, "key");
            using var process = Process.Start(new ProcessStartInfo("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]))!;
            process.WaitForExit();
            var key = PublicKey.Read(File.ReadAllText(file + ".pub"))!;
            return (key, File.ReadAllText(file), key.Sha256());
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static byte[] Positive(byte[] number) => number[0] >= 0x80 ? [0, .. number] : number;
}
