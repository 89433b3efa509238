namespace Fe2Ps.Sandbox.Hosts;

/// <summary>What a process host reads when it starts.</summary>
internal static class ProcessFiles
{
    /// <returns>The environment that its first process needs.</returns>
    public static Dictionary<string, string> Write(string folder, string disk, string sandboxId, HostSpec spec, bool isolated)
    {
        var programs = Path.Combine(folder, "bin");
        UnixFiles.MakeFolder(folder, UnixFiles.PassThrough);
        UnixFiles.MakeFolder(programs, UnixFiles.Program | UnixFileMode.UserWrite);
        UnixFiles.Write(Path.Combine(folder, "init"), GuestFile.Read("process-init"), UnixFiles.Program);
        UnixFiles.Write(Path.Combine(folder, "login"), GuestFile.Read("process-login"), UnixFiles.Program);
        foreach (var name in new[] { "power", "shutdown", "poweroff", "halt", "reboot", "systemctl" })
            UnixFiles.Write(Path.Combine(programs, name), GuestFile.Read("power"), UnixFiles.Program);
        if (!ProcessSupport.HasSudo(isolated))
            UnixFiles.Write(Path.Combine(programs, "sudo"), GuestFile.Read("process-sudo"), UnixFiles.Program);
        UnixFiles.Write(Path.Combine(folder, "authorized_keys"), string.Concat(spec.AuthorizedKeys.Select(key => key.Trim() + "\n")), UnixFiles.OwnerOnly);

        var data = UserData.Read(spec.UserData);
        if (data.Early is { } early)
            UnixFiles.Write(Path.Combine(folder, "early"), early, UnixFiles.OwnerOnly);
        if (data.Final is { } final)
            UnixFiles.Write(Path.Combine(folder, "final"), final, UnixFiles.OwnerOnly | UnixFileMode.UserExecute);
        UnixFiles.Write(Path.Combine(folder, "sshd_config"), Configuration(folder, disk, sandboxId, spec, isolated), UnixFiles.Readable);

        return new Dictionary<string, string>
        {
            ["FE2_FOLDER"] = folder,
            ["FE2_DISK"] = disk,
            ["FE2_HOST"] = Mark(sandboxId, spec.InstanceId),
            ["FE2_ISOLATED"] = isolated ? "yes" : "no",
            ["FE2_TAKES_REQUESTS"] = ProcessSupport.HasSudo(isolated) ? "no" : "yes",
            ["HOST_ID"] = spec.InstanceId,
            ["HOST_NAME"] = spec.HostName,
            ["HOST_USER"] = spec.LoginUser,
            ["HOST_ADDRESS"] = spec.PrivateAddress.ToString(),
        };
    }

    /// <summary>By this in their environment the processes of a host are known.</summary>
    public static string Mark(string sandboxId, string instanceId) => $"{sandboxId}-{instanceId}";

    private static string Configuration(string folder, string disk, string sandboxId, HostSpec spec, bool isolated)
    {
        // Seen from the first process, which in isolation finds its disk within its folder.
        var seen = isolated ? Path.Combine(folder, "disk") : disk;
        var path = $"{folder}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        var environment = $"LANG=C.UTF-8 PATH={path} FE2_HOST={Mark(sandboxId, spec.InstanceId)}";
        var own = string.Empty;
        if (!ProcessSupport.HasSudo(isolated))
            environment += $" FE2_REQUESTS={folder}/requests FE2_PLAN={seen}/home/.shutdown.pid";
        if (!isolated)
        {
            environment += $" HOME={seen}/home TMUX_TMPDIR={seen}/home";
            own = $"ForceCommand {folder}/login\n";
        }

        return $"""
            ListenAddress {spec.PrivateAddress}:22
            HostKey {seen}/keys/ssh_host_ed25519_key
            PidFile none
            AuthorizedKeysFile {seen}/home/.ssh/authorized_keys
            AllowUsers {spec.LoginUser}
            StrictModes no
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UsePAM no
            UseDNS no
            MaxStartups 100:30:200
            PrintMotd no
            AcceptEnv LANG LC_*
            SetEnv {environment}
            Subsystem sftp internal-sftp
            Subsystem powershell pwsh -sshs -NoLogo -NoProfile
            {own}
            """;
    }
}
