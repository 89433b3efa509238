namespace Fe2Ps.Core.Backups;

/// <summary>The failures of backups, with what to do next.</summary>
internal static class BackupErrors
{
    public static Fe2Exception NotFound(string name, string region) => new(
        "BackupNotFound", Fe2ErrorKind.NotFound, $"There is no backup '{name}' in {region}.",
        "Get-Fe2Backup lists them; another region is named with -Region.", name);

    public static Fe2Exception Ambiguous(IReadOnlyList<Backup> backups) => new(
        "BackupAmbiguous", Fe2ErrorKind.Ambiguous, $"Several backups are called '{backups[0].Name}': {string.Join(", ", backups.Select(b => b.PolicyId))}.",
        "Give the id of the one you mean.", backups[0].Name);

    public static Fe2Exception Exists(Backup backup) => new(
        "BackupExists", Fe2ErrorKind.Ambiguous, $"There is a backup '{backup.Name}' already: {backup.Schedule} of {string.Join(", ", backup.Of)}.",
        $"Choose another -Name, or end that one first: Unregister-Fe2Backup {backup.Name}. Its snapshots stay.", backup.Name);

    public static Fe2Exception NameInvalid(string name) => new(
        "NameInvalid", Fe2ErrorKind.InvalidArgument, $"-Name {name}: a backup's name has 1 to 100 characters, no wildcards, and no space at its ends.", "Choose another name.", name);

    public static Fe2Exception NothingToBackUp() => new(
        "VolumeMissing", Fe2ErrorKind.InvalidArgument, "Neither a volume nor an instance is given.", "Register-Fe2Backup VOLUME -Every 6h -Keep 7, or -Instance INSTANCE.");

    /// <summary>A parameter that would be passed over beside the others.</summary>
    public static Fe2Exception Unused(string id, string message, string nextStep, object target) => new(id, Fe2ErrorKind.InvalidArgument, message, nextStep, target);
}
