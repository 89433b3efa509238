namespace Fe2Ps.Npm;

/// <summary>Where npm would look for packages: https://docs.npmjs.com/cli/configuring-npm/npmrc and https://docs.npmjs.com/cli/using-npm/config</summary>
/// <param name="values">The settings, the nearest one of each name.</param>
internal sealed class NpmSettings(IReadOnlyDictionary<string, string> values)
{
    private const string Usual = "https://registry.npmjs.org/";

    /// <summary>The settings that hold for a project.</summary>
    public static NpmSettings Find(string projectFolder)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (name.StartsWith("npm_config_", StringComparison.OrdinalIgnoreCase) && variable.Value is string { Length: > 0 } value)
                values.TryAdd(name["npm_config_".Length..].Replace('_', '-'), value);
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] files =
        [
            Path.Combine(projectFolder, ".npmrc"), values.GetValueOrDefault("userconfig") ?? Path.Combine(home, ".npmrc"),
            .. values.GetValueOrDefault("globalconfig") is { } global ? [global] : new[] { "/usr/local/etc/npmrc", "/usr/etc/npmrc", "/etc/npmrc" },
        ];
        foreach (var file in files.Where(File.Exists))
        {
            foreach (var line in File.ReadLines(file))
            {
                var at = line.IndexOf('=', StringComparison.Ordinal);
                if (at > 0 && line.TrimStart() is not [';' or '#', ..])
                    values.TryAdd(line[..at].Trim(), Expand(line[(at + 1)..].Trim().Trim('"')));
            }
        }

        return new NpmSettings(values);
    }

    /// <summary>The registry of a package; a scope may have one of its own.</summary>
    public Uri RegistryOf(string package)
    {
        var scope = package.StartsWith('@') ? package.Split('/')[0] + ":registry" : "";
        var text = values.GetValueOrDefault(scope) ?? values.GetValueOrDefault("registry") ?? Usual;
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
            ? uri : throw new NpmException($"npm's settings name '{text}' as the registry, which is no address.");
    }

    /// <summary>The token for an address of a registry, which npm keeps under the address without its scheme; null where it needs none.</summary>
    public string? TokenFor(Uri address)
    {
        for (var path = address.AbsolutePath; path.Length > 0; path = path[..Math.Max(path.TrimEnd('/').LastIndexOf('/') + 1, 0)])
        {
            if (values.TryGetValue($"//{address.Authority}{path.TrimEnd('/')}/:_authToken", out var token)) return token;
            if (path == "/") break;
        }

        return null;
    }

    private static string Expand(string value)
    {
        for (var start = value.IndexOf("${", StringComparison.Ordinal); start >= 0; start = value.IndexOf("${", StringComparison.Ordinal))
        {
            var end = value.IndexOf('}', start);
            if (end < 0) break;
            value = value[..start] + Environment.GetEnvironmentVariable(value[(start + 2)..end].TrimEnd('?')) + value[(end + 1)..];
        }

        return value;
    }
}
