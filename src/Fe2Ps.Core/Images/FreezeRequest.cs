namespace Fe2Ps.Core.Images;

/// <summary>How a machine is to be frozen.</summary>
public sealed record FreezeRequest
{
    /// <summary>The image's name; null takes the machine's own.</summary>
    public string? Name { get; init; }

    /// <summary>What is written with the image, 255 characters at most; null says where it came from.</summary>
    public string? Description { get; init; }

    /// <summary>Leaves the machine running. What is being written at that moment may be half in the image.</summary>
    public bool NoReboot { get; init; }

    /// <summary>Takes the place of an image of the same name, which goes once the new one is available. Implies <see cref="Wait"/>.</summary>
    public bool Replace { get; init; }

    /// <summary>Waits until the image can be launched.</summary>
    public bool Wait { get; init; }

    /// <summary>Further tags for the image and its snapshots.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}
