namespace Fe2Ps.Core.SshConfig;

/// <summary>Values as ssh_config(5) reads them: arguments end at spaces, double quotes hold them together, some expand <c>%</c> and <c>${}</c>.</summary>
internal static class SshConfigText
{
    /// <summary>
    /// Whether ssh can be told to go to a machine of this name. A <c>Host</c> line is a list of patterns, in which
    /// <c>* ? !</c> and the comma have a meaning of their own, and ssh itself refuses names with characters of a shell.
    /// </summary>
    public static bool IsHost(string name) =>
        name.Length > 0 && name[0] != '-' && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || "*?!,'`\"$\\;&<>|(){}#%/@[]".Contains(c));

    /// <summary>A word; quoted where it has spaces or a number sign.</summary>
    /// <exception cref="Fe2Exception"><c>SshConfigText</c>: ssh_config has no way to write it.</exception>
    public static string Quote(string value)
    {
        if (value.Length == 0 || value.Any(c => c is '"' or '\\' || char.IsControl(c))) throw Refused(value);
        return value.Any(c => char.IsWhiteSpace(c) || c is '#' or '\'') ? $"\"{value}\"" : value;
    }

    /// <summary>A file's path for an option that expands tokens.</summary>
    /// <exception cref="Fe2Exception"><c>SshConfigText</c>.</exception>
    public static string Path(string path)
    {
        string plain = OperatingSystem.IsWindows() ? path.Replace('\\', '/') : path;
        if (plain.Contains("${", StringComparison.Ordinal) || plain.Any(c => c is '"' or '\\' || char.IsControl(c))) throw Refused(path);
        return $"\"{plain.Replace("%", "%%", StringComparison.Ordinal)}\"";
    }

    /// <summary>A file's path for <c>Include</c>, which takes it for a pattern.</summary>
    /// <exception cref="Fe2Exception"><c>SshConfigText</c>.</exception>
    public static string Include(string path)
    {
        if (path.Any(c => c is '*' or '?' or '[' or '%')) throw Refused(path);
        return "Include " + Path(path);
    }

    private static Fe2Exception Refused(string value) => new(
        "SshConfigText", Fe2ErrorKind.InvalidArgument, $"ssh_config has no way to write '{value}'.",
        "Use a folder (FE2_HOME), a key file or a user without quotes, backslashes and the characters * ? [ % $.", value);
}
