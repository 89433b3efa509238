namespace Fe2Ps.Build;

/// <summary>What only root may do: as it is, or through sudo.</summary>
internal static class Root
{
    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>Whether this user is root or has sudo.</summary>
    public static bool IsAtHand => IsRoot || Shell.Capture("sudo", "--version") is not null;

    public static int Run(string[] line, IReadOnlyDictionary<string, string?>? environment = null)
    {
        if (IsRoot || !IsAtHand) return Shell.Run(line[0], line[1..], environment: environment);

        // sudo gives its own environment to what it runs.
        string[] kept = [.. new[] { "PATH", "DOTNET_ROOT", "LANG", "TERM" }
            .Where(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 })
            .Select(name => $"{name}={Environment.GetEnvironmentVariable(name)}")];
        string[] given = [.. (environment ?? new Dictionary<string, string?>()).Select(variable => $"{variable.Key}={variable.Value}")];
        return Shell.Run("sudo", ["env", .. kept, .. given, .. line]);
    }

    /// <summary>Gives back to this user what root has made for it.</summary>
    public static void GiveBack(string folder)
    {
        if (IsRoot || !Directory.Exists(folder)) return;
        if (Shell.Capture("id", "-u") is (0, var user) && Shell.Capture("id", "-g") is (0, var group))
            Shell.Run("sudo", ["chown", "-R", $"{user.Trim()}:{group.Trim()}", folder]);
    }
}
