namespace Fe2Ps.Core.Files;

/// <summary>What a copy did.</summary>
/// <param name="Source">Where from, as <c>name:path</c> or a path of this computer; several are joined by a comma.</param>
/// <param name="Destination">Where to.</param>
/// <param name="InstanceId">The machine.</param>
/// <param name="Files">Files that belong to the copy.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="FilesSent">Files that travelled; the others were there and equal.</param>
/// <param name="BytesSent">Bytes of content that travelled.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Checked">Whether each file that travelled was compared by a checksum of the whole file on both ends.</param>
/// <param name="Attempts">How many connections it took.</param>
public sealed record CopyResult(
    string Source, string Destination, string InstanceId, long Files, long Bytes, long FilesSent, long BytesSent,
    TimeSpan Duration, bool Checked, int Attempts);

/// <summary>How to copy.</summary>
public sealed record CopyOptions
{
    /// <summary>Whether folders are copied.</summary>
    public bool Recurse { get; init; }

    /// <summary>Whether what is there already is compared by its content instead of size and time.</summary>
    public bool ByContent { get; init; }

    /// <summary>Whether wildcards in the paths of a machine mean themselves.</summary>
    public bool IsLiteral { get; init; }

    /// <summary>The private key on this computer, or null for the one of the instance's key pair.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The login user, or null for the machine's own.</summary>
    public string? User { get; init; }

    /// <summary>How often to try again without getting any further, after a connection that worked was cut.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The first pause before trying again; each is twice the one before, 15 s at most.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);
}
