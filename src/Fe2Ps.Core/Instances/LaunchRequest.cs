using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Instances;

/// <summary>What <c>shutdown -h now</c> inside the machine does to the instance.</summary>
public enum ShutdownAction
{
    /// <summary>It stops: the disk stays and costs, the machine can be started again.</summary>
    Stop,

    /// <summary>It terminates: everything on its root disk is gone, nothing costs any more.</summary>
    Terminate,
}

/// <summary>What to launch. Only the name is needed; null means: as <c>Set-Fe2Default</c> says, else a sensible choice.</summary>
public sealed record LaunchRequest
{
    /// <summary>The name, 1 to 200 characters, without wildcards. With <see cref="Count"/> above 1 the machines are called <c>name-1</c> to <c>name-N</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How many, 1 to 1000; all or none are launched.</summary>
    public int Count { get; init; } = 1;

    /// <summary>An image's id or name; the newest Ubuntu LTS for the type's architecture.</summary>
    public string? Image { get; init; }

    /// <summary>The instance type; <c>t3.micro</c>.</summary>
    public string? InstanceType { get; init; }

    /// <summary>The root disk in GiB; the image's size, which is also the least.</summary>
    public int? DiskSize { get; init; }

    /// <summary>The root disk's provisioned operations a second, from 3000 (gp3) to what EC2 allows for the size.</summary>
    public int? Iops { get; init; }

    /// <summary>The root disk's throughput in MiB/s, from 125 (gp3) to what EC2 allows.</summary>
    public int? Throughput { get; init; }

    /// <summary>The key pair; <c>default</c>.</summary>
    public string? KeyName { get; init; }

    /// <summary>The private key file on this computer; the one that fits the key pair.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The login user; found from the image.</summary>
    public string? User { get; init; }

    /// <summary>True for spot: much cheaper, may be interrupted with two minutes' notice.</summary>
    public bool Spot { get; init; }

    /// <summary>The most to pay for spot, USD an hour; the on-demand price.</summary>
    public decimal? MaxPrice { get; init; }

    /// <summary>What EC2 does with a spot machine when it needs the room; null is <see cref="Core.Spot.OnInterruption.Terminate"/>. The others take a persistent spot request.</summary>
    public OnInterruption? OnInterruption { get; init; }

    /// <summary>What a shutdown from inside does; <see cref="ShutdownAction.Stop"/>, for one-time spot <see cref="ShutdownAction.Terminate"/>, the only one it knows.</summary>
    public ShutdownAction? OnShutdown { get; init; }

    /// <summary>From where ssh is allowed; the caller's own address.</summary>
    public string? Cidr { get; init; }

    /// <summary>Ids of security groups to use instead of <c>fe2-ssh</c>.</summary>
    public IReadOnlyList<string> SecurityGroupIds { get; init; } = [];

    /// <summary>The only availability zone to try, for example <c>us-east-2b</c>; all of the region's.</summary>
    public string? Zone { get; init; }

    /// <summary>A script or <c>#cloud-config</c> for the first boot; at most 16 KiB. Secrets do not belong here: anything on the machine can read it.</summary>
    public string? UserData { get; init; }

    /// <summary>The name of an instance profile that gives the machine a role.</summary>
    public string? InstanceProfile { get; init; }

    /// <summary>Further tags for instance, volumes and spot request.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>True to return as soon as EC2 has taken the order and the name is certain, after 1 to 5 seconds.</summary>
    public bool NoWait { get; init; }

    /// <summary>True to keep machines running that never became ready, to look at them; otherwise a launch that fails ends what it started.</summary>
    public bool KeepOnFailure { get; init; }

    /// <summary>How long a command over ssh may need to work.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The names that the machines get.</summary>
    public IReadOnlyList<string> InstanceNames() =>
        Count == 1 ? [Name] : [.. Enumerable.Range(1, Count).Select(i => $"{Name}-{i}")];
}
