namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Picks the fabric: the kind that was asked for, else the best one that works here.</summary>
internal static class Fabrics
{
    /// <param name="kind">container, process, none, or null for the best.</param>
    /// <param name="folder">Where the fabric keeps roots and volumes.</param>
    public static async Task<IHostFabric> MakeAsync(string? kind, string folder, IProgress<string> progress, CancellationToken cancellationToken)
    {
        _ = folder;
        var fabric = new NoFabric();
        await fabric.PrepareAsync(progress, cancellationToken).ConfigureAwait(false);
        return kind is null or "none" ? fabric : throw new PlatformNotSupportedException($"Hosts of the kind '{kind}' do not work here.");
    }
}
