namespace Fe2Ps.Sandbox.Hosts;

/// <summary>The scripts that run inside a host; they travel within this program.</summary>
internal static class GuestFile
{
    public static string Read(string name)
    {
        using var stream = typeof(GuestFile).Assembly.GetManifestResourceStream("Guest/" + name)
            ?? throw new InvalidOperationException($"The program has no guest file {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
