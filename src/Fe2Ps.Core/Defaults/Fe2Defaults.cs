using System.Text.Json.Nodes;

namespace Fe2Ps.Core.Defaults;

/// <summary>What <c>Set-Fe2Default</c> keeps. Null means: not set.</summary>
public sealed record Fe2Defaults
{
    /// <summary>A region's code or friendly name.</summary>
    public string? Region { get; init; }

    /// <summary>A profile of <c>~/.aws</c>.</summary>
    public string? ProfileName { get; init; }

    /// <summary>An endpoint for every service, such as a sandbox.</summary>
    public string? EndpointUrl { get; init; }

    /// <summary>The type of new instances; <c>t3.micro</c> where not set.</summary>
    public string? InstanceType { get; init; }

    /// <summary>The image of new instances, id or name; the newest Ubuntu LTS where not set.</summary>
    public string? Image { get; init; }

    /// <summary>The key pair of new instances; <c>default</c> where not set.</summary>
    public string? KeyName { get; init; }

    /// <summary>The private key file that belongs to <see cref="KeyName"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The root disk of new instances in GiB; the image's own size where not set or smaller than it.</summary>
    public int? DiskSize { get; init; }

    /// <summary>The login user; found from the image where not set.</summary>
    public string? User { get; init; }

    /// <summary>From where ssh is allowed, for callers whose address cannot be found; CIDR form.</summary>
    public string? Cidr { get; init; }

    /// <summary>Settings that a newer version wrote; kept as they are.</summary>
    internal JsonObject? Unknown { get; init; }
}
