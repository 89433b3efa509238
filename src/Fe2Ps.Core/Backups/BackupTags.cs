namespace Fe2Ps.Core.Backups;

/// <summary>The tags by which backups, what they are of, and their snapshots know each other.</summary>
internal static class BackupTags
{
    /// <summary>On a policy and on its snapshots: the backup's name.</summary>
    public const string Snapshot = "fe2:backup";

    /// <summary>The service's own, on each snapshot.</summary>
    public const string PolicyId = "aws:dlm:lifecycle-policy-id";

    /// <summary>What a policy looks for.</summary>
    public const string Wanted = "yes";

    private const string TargetPrefix = "fe2:backup:";

    /// <summary>On a volume or instance, one for each of its backups. A tag's key holds 128 characters.</summary>
    public static string Target(string name) => TargetPrefix + name;

    /// <summary>True for a tag that puts a volume under a backup.</summary>
    public static bool IsTarget(string key) => key.StartsWith(TargetPrefix, StringComparison.Ordinal);
}
