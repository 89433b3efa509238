using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.State;

/// <summary>What every resource has: an id, tags, and the time when it was made.</summary>
internal abstract class Resource
{
    public required string Id { get; init; }

    public Dictionary<string, string> Tags { get; set; } = new(StringComparer.Ordinal);

    public DateTimeOffset CreatedAt { get; set; }
}

internal sealed class Vpc : Resource
{
    public required string Cidr { get; init; }
}

internal sealed class Subnet : Resource
{
    public required string VpcId { get; init; }

    public required string Cidr { get; init; }

    public required string Zone { get; init; }

    public required string ZoneId { get; init; }

    public bool MapPublicIpOnLaunch { get; set; } = true;
}

/// <summary>One inbound rule with exactly one source: an IPv4 range, an IPv6 range, or a group.</summary>
internal sealed class GroupRule : Resource
{
    public required string Protocol { get; init; }

    public int? FromPort { get; init; }

    public int? ToPort { get; init; }

    public string? CidrIpv4 { get; init; }

    public string? CidrIpv6 { get; init; }

    public string? SourceGroupId { get; init; }

    public string? Description { get; init; }

    public bool Same(GroupRule other) => (Protocol, FromPort, ToPort, CidrIpv4, CidrIpv6, SourceGroupId)
        == (other.Protocol, other.FromPort, other.ToPort, other.CidrIpv4, other.CidrIpv6, other.SourceGroupId);
}

internal sealed class SecurityGroup : Resource
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    public required string VpcId { get; init; }

    public List<GroupRule> Rules { get; set; } = [];
}

internal sealed class KeyPair : Resource
{
    public required string Name { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>rsa or ed25519.</summary>
    public required string Type { get; init; }

    /// <summary>The public key in OpenSSH form.</summary>
    public required string PublicKey { get; init; }
}

/// <summary>A volume's place at an instance.</summary>
internal sealed class Attachment
{
    public required string InstanceId { get; init; }

    public required string Device { get; init; }

    /// <summary>attaching, attached, detaching.</summary>
    public string State { get; set; } = "attached";

    public DateTimeOffset Time { get; init; }

    public bool DeleteOnTermination { get; set; }
}

internal sealed class Volume : Resource
{
    public required string Zone { get; init; }

    public int Size { get; set; }

    public string Type { get; set; } = "gp2";

    public int? Iops { get; set; }

    public int? Throughput { get; set; }

    public string SnapshotId { get; init; } = "";

    public bool Encrypted { get; init; }

    public bool MultiAttach { get; init; }

    /// <summary>creating, available, in-use, deleting, error.</summary>
    public string State { get; set; } = "creating";

    public Attachment? Attachment { get; set; }

    /// <summary>Whether the volume is a root that the hosts know by the instance, not by itself.</summary>
    public bool IsRoot { get; init; }

    /// <summary>The last change of size, type or performance.</summary>
    public VolumeChange? Change { get; set; }

    /// <summary>From when on other calls know it.</summary>
    public DateTimeOffset VisibleAt { get; set; }
}

/// <summary>How a volume performs.</summary>
internal sealed record VolumeForm(int Size, string Type, int? Iops, int? Throughput);

/// <summary>A change of a volume. EC2 carries it out in the background; the new size counts from "optimizing" on.</summary>
internal sealed class VolumeChange
{
    public required VolumeForm From { get; init; }

    public required VolumeForm To { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>From when on DescribeVolumesModifications tells of it.</summary>
    public DateTimeOffset VisibleAt { get; init; }

    /// <summary>What is told until then.</summary>
    public VolumeChange? Before { get; init; }

    /// <summary>modifying, optimizing, completed, failed.</summary>
    public string State { get; set; } = "modifying";

    public string? Message { get; set; }

    public int Progress { get; set; }
}

internal sealed class Snapshot : Resource
{
    public required string VolumeId { get; init; }

    public int Size { get; init; }

    public string Description { get; init; } = "";

    public bool Encrypted { get; init; }

    /// <summary>pending, completed, error.</summary>
    public string State { get; set; } = "pending";

    public int Progress { get; set; }

    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Whether the snapshot holds a root's layers.</summary>
    public bool IsRoot { get; init; }

    public string OwnerId { get; init; } = "";
}

/// <summary>A block device as an image or a launch names it.</summary>
internal sealed record DeviceMapping(
    string Device, string? SnapshotId, int? Size, string Type, int? Iops, int? Throughput, bool Encrypted, bool DeleteOnTermination);

internal sealed class Image : Resource
{
    public required string Name { get; init; }

    public string Description { get; init; } = "";

    public required string OwnerId { get; init; }

    public string? OwnerAlias { get; init; }

    public required string Architecture { get; init; }

    /// <summary>pending, available, failed, deregistered.</summary>
    public string State { get; set; } = "available";

    public string? StateReason { get; set; }

    public bool Public { get; init; }

    public required string RootDevice { get; init; }

    public required List<DeviceMapping> Devices { get; init; }

    public string PlatformDetails { get; init; } = "Linux/UNIX";

    /// <summary>Who logs in: ubuntu, admin or ec2-user.</summary>
    public string LoginUser { get; init; } = "ubuntu";

    /// <summary>Whether systemd starts its hosts. Of an own image its layers tell.</summary>
    public bool Systemd { get; init; }

    public string? SourceInstanceId { get; init; }

    public string? SourceImageId { get; init; }

    public DateTimeOffset? DeprecatedAt { get; init; }
}

/// <summary>The answer that a client token stands for.</summary>
internal sealed record TokenUse(string Operation, string Token, string Request, List<string> Ids, DateTimeOffset At);

/// <summary>What RunInstances would be asked, under a name. There is one version of each, as no operation here makes more.</summary>
internal sealed class LaunchTemplate : Resource
{
    public required string Name { get; init; }

    public string? VersionDescription { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>The request's own members, by the model's names.</summary>
    public required Fields Data { get; init; }
}

/// <summary>An Elastic IP address. No operation here gives it to an instance, so it is idle.</summary>
internal sealed class Address : Resource
{
    public required string PublicIp { get; init; }
}
