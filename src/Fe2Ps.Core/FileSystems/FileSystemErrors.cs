using Amazon.ElasticFileSystem.Model;

namespace Fe2Ps.Core.FileSystems;

/// <summary>What can be wrong with shared file systems.</summary>
internal static class FileSystemErrors
{
    public static Fe2Exception NotFound(string name, string region) => new(
        "FileSystemNotFound", Fe2ErrorKind.NotFound, $"There is no file system '{name}' in {region}.",
        "Get-Fe2FileSystem lists them; another region is named with -Region.", name);

    public static Fe2Exception Ambiguous(string name, IEnumerable<string> ids) => new(
        "FileSystemAmbiguous", Fe2ErrorKind.Ambiguous, $"Several file systems are called '{name}': {string.Join(", ", ids)}.", "Give the id of the one you mean.", name);

    public static Fe2Exception Invalid(string id, string message, string nextStep, object? target) =>
        new(id, Fe2ErrorKind.InvalidArgument, message, nextStep, target);

    public static Fe2Exception Slow(string what, string state) => new(
        "FileSystemNotReady", Fe2ErrorKind.Timeout, $"{what} is {state} after five minutes.", "Try again later; what is there already is used.", what);

    public static Fe2Exception Failed(FileSystemDescription system) => new(
        "FileSystemFailed", Fe2ErrorKind.InvalidState, $"{FileSystemFacts.Label(system)} has failed, and EFS does not mend it.",
        $"Remove it with Remove-Fe2FileSystem {system.FileSystemId}, then mount a new one.", system.FileSystemId);

    public static Fe2Exception OfScript(int code, string error, string label, string machine) => code switch
    {
        65 => Invalid("MountPointTaken", $"{label} cannot be mounted on {machine}: {Said(error)}.", "Choose another -MountPoint.", machine),
        66 => new("FileSystemBusy", Fe2ErrorKind.InvalidState, $"{label} cannot be dismounted on {machine}: {Said(error)}.", "End what uses it there, then try again.", machine),
        69 => new("ToolMissing", Fe2ErrorKind.NotInstalled, $"{label} cannot be mounted on {machine}: {Said(error)}.",
            "Install stunnel4 and nfs-common there (Debian, Ubuntu), or stunnel and nfs-utils (Amazon Linux).", machine),
        71 => new("MountFailed", Fe2ErrorKind.OperationFailed, $"{label} cannot be mounted on {machine}: {Said(error)}.",
            "Where the file system was made by others, its security group must let the machine in on port 2049.", machine),
        73 => new("MountedElsewhere", Fe2ErrorKind.InvalidState, $"{label} cannot be mounted a second time on {machine}: {Said(error)}.",
            "Dismount it first with Dismount-Fe2FileSystem, or use it where it is.", machine),
        78 => new("NotPersistent", Fe2ErrorKind.OperationFailed, $"{label} is mounted on {machine}, but not for the next start: {Said(error)}.",
            "Install cron there, or mount it again after each start.", machine),
        _ => new("MountFailed", Fe2ErrorKind.OperationFailed, $"{label} on {machine}: {Said(error)} (exit code {code}).", "Look at /var/lib/fe2/efs on the machine.", machine),
    };

    private static string Said(string error) => error.Trim().Split('\n')[^1].TrimEnd('.');
}
