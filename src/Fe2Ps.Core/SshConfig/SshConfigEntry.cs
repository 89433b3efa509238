using System.Globalization;
using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.SshConfig;

/// <summary>
/// One machine as plain ssh, VS Code, scp, rsync and PowerShell remoting reach it: a <c>Host</c> block of ssh_config(5). The
/// host key is checked against the key that is pinned to the instance, whatever its address.
/// </summary>
public sealed record SshConfigEntry
{
    internal SshConfigEntry(SshTarget target, IReadOnlyList<string> hosts, string knownHostsFile)
    {
        InstanceId = target.InstanceId;
        Name = target.Name;
        Host = hosts;
        HostName = target.Address;
        User = target.User;
        Port = target.Port;
        IdentityFile = target.KeyFile;
        UserKnownHostsFile = knownHostsFile;
    }

    /// <summary>The instance's name.</summary>
    public string Name { get; }

    /// <summary>The instance's id.</summary>
    public string InstanceId { get; }

    /// <summary>What may stand after <c>ssh</c>: the name, where ssh can hold it and it is the only one of its kind, and the id.</summary>
    public IReadOnlyList<string> Host { get; }

    /// <summary>The address at the time of asking. A machine that is started again usually has another.</summary>
    public string HostName { get; }

    /// <summary>The login user.</summary>
    public string User { get; }

    /// <summary>The tcp port of sshd.</summary>
    public int Port { get; }

    /// <summary>The private key's path, or null for ssh's own choice.</summary>
    public string? IdentityFile { get; }

    /// <summary>The file with the pinned host keys.</summary>
    public string UserKnownHostsFile { get; }

    /// <summary>The block as ssh reads it, with a line feed at its end.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("Host ").AppendJoin(' ', Host.Select(SshConfigText.Quote)).Append('\n');
        Line("HostName", HostName);
        Line("User", SshConfigText.Quote(User));
        if (Port != 22) Line("Port", Port.ToString(CultureInfo.InvariantCulture));
        if (IdentityFile is not null)
        {
            Line("IdentityFile", SshConfigText.Path(IdentityFile));
            Line("IdentitiesOnly", "yes");
        }

        Line("HostKeyAlias", InstanceId);
        Line("UserKnownHostsFile", SshConfigText.Path(UserKnownHostsFile));
        Line("GlobalKnownHostsFile", "/dev/null");
        Line("StrictHostKeyChecking", "yes");
        Line("HostKeyAlgorithms", "^ssh-ed25519");
        Line("UpdateHostKeys", "no");
        Line("CheckHostIP", "no");
        Line("ServerAliveInterval", "15");
        return text.ToString();

        void Line(string key, string value) => text.Append("    ").Append(key).Append(' ').Append(value).Append('\n');
    }
}
