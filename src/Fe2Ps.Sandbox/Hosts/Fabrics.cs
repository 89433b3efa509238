namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Picks the fabric: the kind that was asked for, else the best one that works here.</summary>
internal static class Fabrics
{
    /// <param name="kind">container, process, none, or null for the best.</param>
    /// <param name="folder">Where the fabric keeps roots and volumes.</param>
    /// <param name="temporary">Whether the folder goes at the end.</param>
    /// <param name="keepDisks">Where the root disks of ended hosts are kept, or null.</param>
    /// <exception cref="PlatformNotSupportedException">The kind that was asked for does not work here.</exception>
    public static async Task<IHostFabric> MakeAsync(
        string? kind, string folder, bool temporary, string? keepDisks, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var fabric = Pick(kind, folder, temporary, keepDisks, progress);
        try
        {
            await fabric.PrepareAsync(progress, cancellationToken).ConfigureAwait(false);
            return fabric;
        }
        catch
        {
            await fabric.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static IHostFabric Pick(string? kind, string folder, bool temporary, string? keepDisks, IProgress<string> progress)
    {
        if (kind is null or "container")
        {
            if (ContainerFabric.IsSupported(out var reason))
                return new ContainerFabric(folder, temporary, keepDisks: keepDisks);
            if (kind is not null)
                throw new PlatformNotSupportedException(reason);
            progress.Report(reason);
        }

        if (kind is null or "process")
        {
            if (ProcessFabric.IsSupported(out var reason))
                return new ProcessFabric(folder, temporary, keepDisks: keepDisks);
            if (kind is not null)
                throw new PlatformNotSupportedException(reason);
            progress.Report(reason);
        }

        return kind is null or "none" ? new NoFabric() : throw new PlatformNotSupportedException($"Hosts of the kind '{kind}' do not work here.");
    }
}
