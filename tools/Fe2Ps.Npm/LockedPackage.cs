using System.Text.Json;

namespace Fe2Ps.Npm;

/// <summary>A package as a lock file of version 2 or 3 names it.</summary>
/// <param name="Name">The name, with its scope: <c>uplot</c>, <c>@scope/name</c>.</param>
/// <param name="Version">The exact version.</param>
/// <param name="Sha512">The hash of its archive.</param>
internal sealed record LockedPackage(string Name, string Version, byte[] Sha512)
{
    private const string Folder = "node_modules/";

    /// <summary>The packages of a lock file. Those of a folder within another one's are not needed here and refused.</summary>
    /// <exception cref="NpmException">The file is no lock file, or a package has no hash to check it by.</exception>
    public static IReadOnlyList<LockedPackage> Read(string lockFile)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(lockFile));
            return [.. document.RootElement.GetProperty("packages").EnumerateObject().Where(p => p.Name.Length > 0).Select(p => Of(p.Name, p.Value))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException)
        {
            throw new NpmException($"{lockFile} is no package-lock.json of version 2 or 3: {e.Message}");
        }
    }

    private static LockedPackage Of(string path, JsonElement entry)
    {
        var name = path[Folder.Length..];
        if (!path.StartsWith(Folder, StringComparison.Ordinal) || name.Contains(Folder, StringComparison.Ordinal)
            || name.Split('/') is not ([var _] or [['@', ..], var _]) || name.Split('/').Any(part => part is "" or "." or ".."))
            throw new NpmException($"{path} is no package of its own.");
        // Several hashes may stand there; the strongest is the one that counts.
        var hash = (entry.TryGetProperty("integrity", out var integrity) ? integrity.GetString() ?? "" : "").Split(' ')
            .FirstOrDefault(h => h.StartsWith("sha512-", StringComparison.Ordinal))
            ?? throw new NpmException($"{name} has no sha512 hash in the lock file, so what comes cannot be checked.");
        return new LockedPackage(name, entry.GetProperty("version").GetString()!, Convert.FromBase64String(hash["sha512-".Length..]));
    }
}
