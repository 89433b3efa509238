namespace Fe2Ps.Core.Files;

/// <summary>Every failure of copying that is not ssh's own.</summary>
public static class CopyErrors
{
    /// <summary>Nobody reads more in a message.</summary>
    private const int MostNames = 10;

    /// <summary>Both ends are of this computer.</summary>
    public static Fe2Exception NoMachine(string path, string destination) => new(
        "NoMachineNamed", Fe2ErrorKind.InvalidArgument, $"Neither '{path}' nor '{destination}' names a machine.",
        "Write name:path for a file of a machine, for example od1:data; within this computer Copy-Item does it.", destination);

    /// <summary>There is nothing at a path of this computer.</summary>
    public static Fe2Exception LocalMissing(string path) => new(
        "FileNotFound", Fe2ErrorKind.NotFound, $"There is no file or folder '{path}' on this computer.",
        "Check the path; a path of a machine is written name:path.", path);

    /// <summary>A path that is not of the file system.</summary>
    public static Fe2Exception NotAFile(string path, string provider) => new(
        "NotAFile", Fe2ErrorKind.InvalidArgument, $"'{path}' belongs to PowerShell's provider {provider}, not to the file system.",
        "Name a file or folder.", path);

    internal static Fe2Exception FolderNeedsRecurse(string path) => new(
        "FolderNeedsRecurse", Fe2ErrorKind.InvalidArgument, $"'{path}' is a folder.", "Copy it with all that is in it: -Recurse.", path);

    internal static Fe2Exception DestinationIsFile(string path) => new(
        "DestinationIsFile", Fe2ErrorKind.InvalidState, $"The destination '{path}' is a file, and a folder is needed there.",
        "Name a folder, or remove the file first.", path);

    internal static Fe2Exception Missing(string path) => new(
        "FileNotFound", Fe2ErrorKind.NotFound, $"There is no file or folder '{path}'.",
        "Check the path: it starts at the home folder there, and upper and lower case differ.", path);

    internal static Fe2Exception NotAsked(Ssh.SshTarget target, string asked, string answered) => new(
        "NameNotAsked", Fe2ErrorKind.Security,
        $"{target.Name} was asked for '{asked}' and offers '{answered}'. Nothing was copied.",
        "Something on the machine changes the answers: look at the startup files of its login shell, and at who else has been there.", target.InstanceId);

    internal static Fe2Exception NotWhole(string what, Ssh.TransferTally tally, int attempts, Fe2Exception cause) => new(
        "CopyIncomplete", cause.Kind,
        $"{what} is not whole after {attempts} attempt{(attempts == 1 ? "" : "s")}: {Count(tally.FilesSent, "file")} arrived{Rest(tally)}. {cause.Message}",
        "The same command goes on where this one stopped. " + cause.NextStep, cause.Target, cause);

    internal static string LinksLeftOut(long count) =>
        $"{Count(count, "link")} of the machine {(count == 1 ? "leads" : "lead")} out of what is copied and {(count == 1 ? "was" : "were")} left out. "
        + "Name what a link leads to, to have it here.";

    private static string Rest(Ssh.TransferTally tally)
    {
        string[] names = [.. (tally.Missing?.Invoke() ?? []).Order(StringComparer.Ordinal)];
        if (names.Length > 0)
        {
            var more = names.Length > MostNames ? $" and {names.Length - MostNames} more" : "";
            return $", {Count(names.Length, "file")} {(names.Length == 1 ? "is" : "are")} missing or not yet compared ({string.Join(", ", names.Take(MostNames).Select(n => $"'{n}'"))}{more})";
        }

        return tally.Left switch
        {
            > 0 => $", {Count(tally.Left.Value, "entry", "entries")} {(tally.Left == 1 ? "is" : "are")} missing or not yet compared",
            _ => ", the last one in part",
        };
    }

    private static string Count(long number, string one, string? many = null) => $"{number} {(number == 1 ? one : many ?? one + "s")}";
}
