using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Bench;

/// <summary>The ssh that the product is measured against.</summary>
internal static class PlainSsh
{
    /// <summary>What a careful user would write, sharing apart: the same key and pinned host key. The login and the machine come behind.</summary>
    public static string[] Login(string ssh, SshTarget target, string knownHosts) =>
    [
        ssh, "-T", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "ControlMaster=no", "-o", "ControlPath=none",
        "-o", $"HostKeyAlias={target.InstanceId}", "-o", $"UserKnownHostsFile={knownHosts}", "-o", "GlobalKnownHostsFile=/dev/null",
        "-o", "StrictHostKeyChecking=yes", "-o", "HostKeyAlgorithms=^ssh-ed25519", "-o", "IdentitiesOnly=yes", "-o", "UpdateHostKeys=no",
        .. target.KeyFile is { } key ? new[] { "-i", key } : [],
    ];
}
