using System.IO.Compression;
using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// What user data asks for, as two shell scripts: one that runs before sshd (files, keys) and one that runs once sshd is up, in the
/// order of cloud-init's own stages.
/// </summary>
internal sealed record UserData(string? Early, string? Final)
{
    public static UserData Read(byte[]? data)
    {
        if (data is not { Length: > 0 })
            return new UserData(null, null);
        if (data is [0x1f, 0x8b, ..])
            data = Expand(data);
        var text = Encoding.UTF8.GetString(data);
        return MimeParts.Read(text) is { } parts ? MimeParts.Together(parts.Select(One)) : One(text);
    }

    private static UserData One(string text)
    {
        if (text.StartsWith("#!", StringComparison.Ordinal))
            return new UserData(null, text);
        if (text.StartsWith("#cloud-config", StringComparison.Ordinal))
            return CloudConfig.Translate(text);
        return new UserData(Note("Unhandled non-multipart (text/x-not-multipart) userdata: it starts neither with #! nor with #cloud-config."), null);
    }

    public static string Note(string text) => $"echo {Shell.Quote("cloud-init[sandbox]: " + text)}\n";

    private static byte[] Expand(byte[] data)
    {
        using var packed = new GZipStream(new MemoryStream(data), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        packed.CopyTo(plain);
        return plain.ToArray();
    }
}
