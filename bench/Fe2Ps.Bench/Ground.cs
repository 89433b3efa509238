using Fe2Ps.Core;
using Fe2Ps.Core.Sandboxes;

namespace Fe2Ps.Bench;

/// <summary>What the measurements stand on: a temporary folder, one local EC2 with machines behind it, and the programs they compare with.</summary>
internal sealed class Ground(string folder, TextWriter log) : IAsyncDisposable
{
    private LocalCloud? machines;
    private string? noMachines;

    public string Folder => folder;

    /// <summary>A local EC2 without machines, which answers as fast as it can. The caller ends it.</summary>
    public Task<LocalCloud> ApiAsync(CancellationToken cancel) =>
        LocalCloud.StartAsync(SandboxProgram, Path.Combine(folder, "api-" + Path.GetRandomFileName()), SandboxHosts.None, cancel);

    /// <summary>A local EC2 with containers for machines, at EC2's own pace; one for all rows that need it.</summary>
    /// <exception cref="NotHereException">This machine cannot run containers.</exception>
    public async Task<LocalCloud> MachinesAsync(CancellationToken cancel)
    {
        if (noMachines is not null) throw new NotHereException(noMachines);
        try
        {
            return machines ??= await LocalCloud.StartAsync(SandboxProgram, Path.Combine(folder, "machines"), SandboxHosts.Container, cancel).ConfigureAwait(false);
        }
        catch (Fe2Exception failure) when (failure.Id == "SandboxFailed")
        {
            noMachines = failure.Message;
            throw new NotHereException(noMachines);
        }
    }

    /// <summary>A program by its path.</summary>
    /// <exception cref="NotHereException">It is not on this machine.</exception>
    public static string Need(string path) => File.Exists(path) ? path : throw new NotHereException($"{path} is not on this machine");

    /// <summary>A program by its name, looked for on the PATH.</summary>
    /// <exception cref="NotHereException">It is not on this machine.</exception>
    public static string NeedOnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(part => Path.Combine(part, name)).FirstOrDefault(File.Exists)
            ?? throw new NotHereException($"{name} is not on this machine");

    /// <summary>A line for whoever waits.</summary>
    public void Say(string line) => log.WriteLine($"bench: {line}");

    public async ValueTask DisposeAsync()
    {
        if (machines is not null) await machines.DisposeAsync().ConfigureAwait(false);
    }

    private static string SandboxProgram => Environment.GetEnvironmentVariable("FE2_SANDBOX") is { Length: > 0 } named ? named
        : throw new NotHereException("FE2_SANDBOX does not say where the sandbox is; './build.sh bench' sets it");
}
