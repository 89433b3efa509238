using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>An instance as the scripts room sees it: how to reach it, and where the cloud says it is.</summary>
/// <param name="Ssh">How this computer reaches it.</param>
/// <param name="PrivateAddress">Its address within its VPC, or null.</param>
/// <param name="VpcId">Its VPC; machines of one VPC talk over private addresses.</param>
/// <param name="IsRunning">Whether the cloud says that it runs. A machine that does not is not asked.</param>
public sealed record JobMachine(SshTarget Ssh, string? PrivateAddress = null, string? VpcId = null, bool IsRunning = true)
{
    /// <summary>Whether it is a spot machine, which EC2 may take away.</summary>
    public bool IsSpot { get; init; }

    /// <summary>Whether it is starting, or EC2 has stopped it for an interruption and starts it again when there is room.</summary>
    public bool ComesBack { get; init; }

    /// <summary>The instance's id.</summary>
    public string Id => Ssh.InstanceId;

    /// <summary>The instance's name.</summary>
    public string Name => Ssh.Name;
}
