namespace Fe2Ps.Sandbox.Hosts;

/// <summary>What a host finds in /run/fe2 when it starts. Nothing is ever written into its own root from outside: what a host has there is its own affair.</summary>
internal static class BootFiles
{
    /// <param name="folder">The bundle's folder; <c>boot</c> and the file <c>ended</c> are made in it.</param>
    public static void Write(string folder, HostSpec spec)
    {
        var boot = Path.Combine(folder, "boot");
        UnixFiles.MakeFolder(boot, UnixFiles.Program | UnixFileMode.UserWrite);
        Put(boot, "init", GuestFile.Read("init"), UnixFiles.Program);
        Put(boot, "power", GuestFile.Read("power"), UnixFiles.Program);
        Put(boot, "ended", string.Empty, UnixFiles.OwnerOnly);
        Put(boot, "authorized_keys", string.Concat(spec.AuthorizedKeys.Select(key => key.Trim() + "\n")), UnixFiles.OwnerOnly);
        Put(boot, "host", string.Concat(
            Setting("HOST_ID", spec.InstanceId),
            Setting("HOST_NAME", spec.HostName),
            Setting("HOST_USER", spec.LoginUser),
            Setting("HOST_ADDRESS", spec.PrivateAddress.ToString())), UnixFiles.Program);
        Put(folder, "ended", string.Empty, UnixFiles.OwnerOnly);

        var data = UserData.Read(spec.UserData);
        if (data.Early is { } early)
            Put(boot, "early", early, UnixFiles.OwnerOnly);
        if (data.Final is { } final)
            Put(boot, "final", final, UnixFiles.OwnerOnly);
    }

    private static string Setting(string name, string value) => $"{name}={Shell.Quote(value)}\n";

    private static void Put(string folder, string name, string text, UnixFileMode mode) =>
        UnixFiles.Write(Path.Combine(folder, name), text, mode);
}

/// <summary>Text for a POSIX shell.</summary>
internal static class Shell
{
    public static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
