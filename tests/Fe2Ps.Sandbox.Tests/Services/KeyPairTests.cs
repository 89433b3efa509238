using System.Diagnostics;
using System.Text;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class KeyPairTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fe2-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task An_imported_ed25519_key_has_the_fingerprint_of_ssh_keygen()
    {
        var (_, publicKey, fingerprint) = MakeKey("ed25519");
        var answer = await ImportAsync("imported", publicKey);
        Assert.Equal(fingerprint, "SHA256:" + answer.TrimEnd('='));
        Assert.Equal("InvalidKeyPair.Duplicate", await sandbox.CodeOfAsync("ImportKeyPair", "KeyName=imported", "PublicKeyMaterial=" + Base64(publicKey)));
        Assert.Equal("InvalidKey.Format", await sandbox.CodeOfAsync("ImportKeyPair", "KeyName=other", "PublicKeyMaterial=" + Base64("ssh-ed25519 AAAA nobody")));
    }

    [Fact]
    public async Task An_imported_rsa_key_has_the_MD5_of_its_public_key_as_openssl_computes_it()
    {
        var (file, publicKey, _) = MakeKey("rsa");
        var expected = Run("sh", "-c", $"openssl rsa -in {file} -pubout -outform DER 2>/dev/null | openssl md5 -c").Split("= ")[1].Trim();
        Assert.Equal(expected, await ImportAsync("imported-rsa", publicKey));
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("ed25519")]
    public async Task A_created_key_is_a_real_one(string type)
    {
        var created = await sandbox.CallAsync("CreateKeyPair", $"KeyName=created-{type}", $"KeyType={type}");
        var file = Path.Combine(_folder, "key");
        await File.WriteAllTextAsync(file, created.Element("keyMaterial")!.Value);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var known = (await sandbox.CallAsync("DescribeKeyPairs", $"KeyName.1=created-{type}", "IncludePublicKey=true")).Descendants("publicKey").Single().Value;
        Assert.Equal(known.Split(' ')[1], Run("ssh-keygen", "-y", "-f", file).Split(' ')[1].Trim());
        await sandbox.CallAsync("DeleteKeyPair", $"KeyName=created-{type}");
        await sandbox.CallAsync("DeleteKeyPair", $"KeyName=created-{type}");
    }

    private (string File, string Public, string Fingerprint) MakeKey(string type)
    {
        var file = Path.Combine(_folder, "key");
        Run("ssh-keygen", "-q", "-t", type, "-N", "", "-m", "PEM", "-f", file);
        return (file, File.ReadAllText(file + ".pub"), Run("ssh-keygen", "-lf", file + ".pub").Split(' ')[1]);
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return text;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task<string> ImportAsync(string name, string publicKey)
        => (await sandbox.CallAsync("ImportKeyPair", $"KeyName={name}", "PublicKeyMaterial=" + Base64(publicKey))).Element("keyFingerprint")!.Value;
}
