using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>How one invocation of ssh deals with the shared connection to its machine.</summary>
internal enum SshSharing
{
    /// <summary>Uses the shared connection, and makes it when there is none.</summary>
    Shared,

    /// <summary>A connection of its own.</summary>
    Own,
}

/// <summary>The one class that knows ssh's options. Everything here is ssh_config(5) and ssh(1).</summary>
internal sealed class SshCommandLine(SshOptions options)
{
    // sun_path holds 108 bytes on Linux and 104 elsewhere, and ssh appends 17 characters while it makes the socket.
    private const int LongestSocketPath = 104 - 18;

    public const string Program = "ssh";

    private readonly KnownHosts _knownHosts = new(options.Folder);

    /// <summary>A command without a terminal: nothing is ever asked.</summary>
    public List<string> Command(SshTarget target, string command, SshSharing sharing = SshSharing.Shared)
    {
        var arguments = Silent(target, _knownHosts.FilePath, "yes");
        arguments.AddRange(Sharing(target, sharing));
        // Forwards of the user's ssh_config would be opened by every command and collide.
        arguments.AddRange(["-o", "ClearAllForwardings=yes", "--", target.Address, command]);
        return arguments;
    }

    /// <summary>A subsystem of sshd (RFC 4254, 6.5) in place of a command.</summary>
    public List<string> Subsystem(SshTarget target, string name, SshSharing sharing)
    {
        var arguments = Silent(target, _knownHosts.FilePath, "yes");
        arguments.AddRange(Sharing(target, sharing));
        arguments.AddRange(["-o", "ClearAllForwardings=yes", "-s", "--", target.Address, name]);
        return arguments;
    }

    /// <summary>What rsync is to call in place of <c>ssh</c>; rsync adds the host and its own command.</summary>
    public string ForRsync(SshTarget target)
    {
        var arguments = Silent(target, _knownHosts.FilePath, "yes");
        arguments.AddRange(Sharing(target, SshSharing.Shared));
        arguments.AddRange(["-o", "ClearAllForwardings=yes"]);
        // rsync splits this text at spaces, knows quotes, and takes a doubled quote for a quote.
        return string.Join(' ', arguments.Prepend(Program).Select(a => "'" + a.Replace("'", "''", StringComparison.Ordinal) + "'"));
    }

    /// <summary>Tunnels, and a command that shows when they are open.</summary>
    public List<string> Tunnels(SshTarget target, IReadOnlyList<Tunnel> tunnels, string command)
    {
        // The first value of an option counts: what is refused at the far end is told at this level.
        List<string> arguments = ["-o", "LogLevel=INFO", .. Silent(target, _knownHosts.FilePath, "yes")];
        arguments.AddRange(Sharing(target, SshSharing.Own));
        arguments.AddRange(Forwards(tunnels));
        arguments.AddRange(["--", target.Address, command]);
        return arguments;
    }

    /// <summary>A login on the caller's terminal. A passphrase may be asked for here.</summary>
    public List<string> Interactive(SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command)
    {
        var arguments = Common(target, _knownHosts.FilePath, "yes");
        // A forward given to a shared connection outlives the login; one of its own ends with it.
        arguments.AddRange(Sharing(target, tunnels.Count == 0 ? SshSharing.Shared : SshSharing.Own));
        arguments.AddRange(Forwards(tunnels));
        // Each connection to a port on which nothing listens yet would write a line across the screen.
        if (tunnels.Count > 0)
            arguments.AddRange(["-o", "LogLevel=ERROR"]);
        if (command is not null)
            arguments.Add("-t");
        arguments.AddRange(["--", target.Address]);
        if (command is not null)
            arguments.Add(command);
        return arguments;
    }

    /// <summary>A connection that ends before any login, and leaves the presented host key in <paramref name="knownHostsFile"/>.</summary>
    public List<string> FetchKey(SshTarget target, string knownHostsFile)
    {
        var arguments = Silent(target, knownHostsFile, "accept-new");
        arguments.AddRange(Sharing(target, SshSharing.Own));
        arguments.AddRange(["-o", "PreferredAuthentications=none", "-o", "PubkeyAuthentication=no", "-N", "--", target.Address]);
        return arguments;
    }

    /// <summary>
    /// As <see cref="Command"/>, for a machine of which nothing is known yet: takes whichever host key is presented, leaves it
    /// in <paramref name="knownHostsFile"/>, and makes the shared connection.
    /// </summary>
    public List<string> FirstCommand(SshTarget target, string command, string knownHostsFile)
    {
        var arguments = Silent(target, knownHostsFile, "accept-new");
        arguments.AddRange(Sharing(target, SshSharing.Shared));
        arguments.AddRange(["-o", "ClearAllForwardings=yes", "--", target.Address, command]);
        return arguments;
    }

    /// <summary>What the user's ssh_config makes of the target: prints <c>hostname</c>, <c>port</c>, <c>proxyjump</c> and the like.</summary>
    public List<string> ShowConfig(SshTarget target) =>
        [.. Silent(target, _knownHosts.FilePath, "yes"), "-G", "--", target.Address];

    /// <summary>Ends the shared connection.</summary>
    public List<string> CloseShared(SshTarget target)
    {
        var arguments = Silent(target, _knownHosts.FilePath, "yes");
        arguments.AddRange(["-o", "ControlPath=" + Value(SocketPath(target)), "-O", "exit", "--", target.Address]);
        return arguments;
    }

    /// <summary>The socket of the shared connection: the same for the same machine, login and key, and for nothing else.</summary>
    public string SocketPath(SshTarget target)
    {
        var identity = string.Join('\n', target.InstanceId, target.User, target.Address, target.Port.ToString(CultureInfo.InvariantCulture),
            target.KeyFile, options.ConfigFile, options.Folder);
        var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 8)).ToLowerInvariant();
        return Path.Combine(SocketFolder(), name);
    }

    private string SocketFolder()
    {
        var folder = Path.Combine(options.Folder, "s");
        if (Encoding.UTF8.GetByteCount(folder) + 17 > LongestSocketPath)
        {
            var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            folder = Path.Combine(
                runtime is { Length: > 0 and < 40 } && Directory.Exists(runtime) ? runtime : "/tmp", $"fe2-{Environment.UserName}-s");
        }

        return Fe2Folder.EnsurePrivate(folder);
    }

    private IEnumerable<string> Sharing(SshTarget target, SshSharing sharing)
    {
        if (!options.ShareConnections)
            return [];
        return sharing == SshSharing.Own
            ? ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
            : ["-o", "ControlMaster=auto", "-o", "ControlPath=" + Value(SocketPath(target)), "-o", $"ControlPersist={options.SharedIdle.TotalSeconds:0}"];
    }

    private List<string> Silent(SshTarget target, string knownHostsFile, string checking)
    {
        var arguments = Common(target, knownHostsFile, checking);
        arguments.AddRange(
        [
            "-T", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
            // What a user sets for logins would break a command whose output is data.
            "-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no", "-o", "ForwardX11=no",
        ]);
        return arguments;
    }

    private List<string> Common(SshTarget target, string knownHostsFile, string checking)
    {
        List<string> arguments = [];
        if (options.ConfigFile is { } config)
            arguments.AddRange(["-F", config]);
        arguments.AddRange(
        [
            "-o", "HostKeyAlias=" + target.InstanceId,
            "-o", "UserKnownHostsFile=" + Value(knownHostsFile),
            "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=" + checking,
            "-o", "UpdateHostKeys=no", "-o", "CheckHostIP=no", "-o", "HashKnownHosts=no", "-o", "VerifyHostKeyDNS=no",
            // One and the same key of a host on every computer and with every version of ssh, or fingerprints could not be compared.
            "-o", "HostKeyAlgorithms=^ssh-ed25519",
            "-o", $"ConnectTimeout={Math.Max(1, (int)options.ConnectTimeout.TotalSeconds)}",
            "-o", $"ServerAliveInterval={Math.Max(1, (int)options.AliveInterval.TotalSeconds)}", "-o", "ServerAliveCountMax=3",
            "-l", target.User, "-p", target.Port.ToString(CultureInfo.InvariantCulture),
        ]);
        if (target.KeyFile is { } key)
            arguments.AddRange(["-o", "IdentityFile=" + Value(key), "-o", "IdentitiesOnly=yes"]);
        return arguments;
    }

    private static IEnumerable<string> Forwards(IReadOnlyList<Tunnel> tunnels) =>
        tunnels.Count == 0
            ? []
            : tunnels.SelectMany(t => new[] { "-L", t.ToOption() }).Prepend("ExitOnForwardFailure=yes").Prepend("-o");

    /// <summary>A path as the value of an option: ssh splits at spaces, knows double quotes, and expands %-tokens.</summary>
    private static string Value(string path) =>
        "\"" + path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal) + "\"";
}
