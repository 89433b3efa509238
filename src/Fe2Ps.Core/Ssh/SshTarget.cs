namespace Fe2Ps.Core.Ssh;

/// <summary>A machine to reach over ssh, and how to know that it is the right one.</summary>
/// <param name="InstanceId">The instance's id; host keys are pinned to it, never to an address.</param>
/// <param name="Name">The name that messages use.</param>
/// <param name="Address">The address to connect to.</param>
/// <param name="User">The login user, for example <c>ubuntu</c>.</param>
/// <param name="KeyFile">The private key's path, or null for ssh's own choice (agent, ssh_config).</param>
/// <param name="HostKey">The expected host key fingerprint (<c>SHA256:...</c>, from the tag <c>fe2:hostkey</c>), or null on the very first contact.</param>
/// <param name="Port">The tcp port of sshd.</param>
public sealed record SshTarget(
    string InstanceId, string Name, string Address, string User, string? KeyFile, string? HostKey, int Port = 22);
