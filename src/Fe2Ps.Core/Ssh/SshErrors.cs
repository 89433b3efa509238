namespace Fe2Ps.Core.Ssh;

/// <summary>Every failure that the ssh room can report.</summary>
internal static class SshErrors
{
    public static Fe2Exception TextHasNul(string value) => new(
        "TextHasNul", Fe2ErrorKind.InvalidArgument,
        "A text for the remote shell contains a NUL character, which no command line can carry.",
        "Remove the NUL, or send the text as a file.", value);

    public static Fe2Exception TunnelInvalid(string text) => new(
        "TunnelInvalid", Fe2ErrorKind.InvalidArgument,
        $"'{text}' is not a tunnel.",
        "Give a port such as 8888, or two such as 8008:8080 (here : there), each from 1 to 65535.", text);

    public static Fe2Exception SshMissing(string program, Exception inner) => new(
        "SshMissing", Fe2ErrorKind.NotInstalled,
        $"The program '{program}' was not found on this computer.",
        "Install the OpenSSH client (Debian/Ubuntu: openssh-client; Windows: the optional feature 'OpenSSH Client').",
        program, inner);

    public static Fe2Exception HostKeyChanged(SshTarget target, string known, string presented) => new(
        "HostKeyChanged", Fe2ErrorKind.Security,
        $"The host key of {Describe(target)} is not the one that is known for it: known {known}, presented {presented}. Nothing was sent.",
        "Somebody else may answer at this address. Only if you know why the machine has a new key, forget the old one (its line in the Fe2 folder's known_hosts, the tag fe2:hostkey) and connect again.",
        target.InstanceId);

    public static Fe2Exception KeyRefused(SshTarget target, string detail) => new(
        "SshKeyRefused", Fe2ErrorKind.Security,
        $"{Describe(target)} refused the login of '{target.User}'{(target.KeyFile is null ? "" : $" with the key {target.KeyFile}")}: {detail}",
        "Check that the private key of the instance's key pair is on this computer (or in the ssh agent), and that the user name fits the image.",
        target.InstanceId);

    public static Fe2Exception Unreachable(SshTarget target, string detail) => new(
        "SshUnreachable", Fe2ErrorKind.Connection,
        $"No ssh connection to {Describe(target)}: {detail}",
        "Check that the instance runs, and that its security group lets port 22 in from your present address.",
        target.InstanceId);

    public static Fe2Exception ConnectionCut(SshTarget target, string detail) => new(
        "ConnectionCut", Fe2ErrorKind.Connection,
        $"The connection to {Describe(target)} was cut in the middle of the work: {detail}",
        "What had been started there may still be running. Look at the machine, then run the command again; a transfer goes on where it stopped.",
        target.InstanceId);

    public static Fe2Exception NotReady(SshTarget target, TimeSpan timeout, string detail) => new(
        "SshNotReady", Fe2ErrorKind.Timeout,
        $"{Describe(target)} did not take a command over ssh within {timeout.TotalSeconds:0} s: {detail}",
        "The instance is still there and costs money. Look at its console output, wait longer, or remove it.",
        target.InstanceId);

    public static Fe2Exception TunnelFailed(SshTarget target, string detail) => new(
        "TunnelFailed", Fe2ErrorKind.Connection,
        $"A tunnel to {Describe(target)} could not be opened: {detail}",
        "Choose a local port that is free, for example 18888:8888.", target.InstanceId);

    public static Fe2Exception DiskFull(SshTarget target, string detail) => new(
        "DiskFull", Fe2ErrorKind.OperationFailed,
        $"A disk is full (the one of {target.Name}, or this computer's): {detail}",
        "Free some space or enlarge the volume, then run the same command again: what has arrived is kept.", target.InstanceId);

    public static Fe2Exception TransferFailed(SshTarget target, string what, string detail) => new(
        "TransferFailed", Fe2ErrorKind.OperationFailed,
        $"{what} ({Describe(target)}) failed: {detail}",
        "Mend what the message names, then run the same command again: what has arrived is kept.", target.InstanceId);

    public static Fe2Exception LocalFileMissing(string path) => new(
        "FileNotFound", Fe2ErrorKind.NotFound,
        $"There is no file or folder '{path}' on this computer.", "Check the path.", path);

    private static string Describe(SshTarget target) =>
        target.Name == target.InstanceId ? $"{target.Name} at {target.Address}" : $"{target.Name} ({target.InstanceId} at {target.Address})";
}
