using Fe2Ps.Core;
using Fe2Ps.Core.Sandboxes;

namespace Fe2Ps.Bench;

/// <summary>What the measurements stand on: a temporary folder, one local EC2 with machines behind it, and the programs they compare with.</summary>
internal sealed class Ground(string folder, TextWriter log) : IAsyncDisposable
{
    private LocalCloud? machines;
    private string? drivers;
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

    /// <summary>The command line of a small program (Program.cs has them) on the assemblies of the packaged module.</summary>
    /// <param name="name">Which one.</param>
    /// <exception cref="NotHereException">There is no packaged module.</exception>
    public string[] Driver(string name)
    {
        drivers ??= MakeDrivers();
        return ["dotnet", Path.Combine(drivers, Path.GetFileName(typeof(Ground).Assembly.Location)), "driver", name];
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

    private string MakeDrivers()
    {
        var made = Directory.CreateDirectory(Path.Combine(folder, "drivers")).FullName;
        // The package's are the later ones, and replace those of this program's own build.
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).Concat(Directory.GetFiles(PackagedModule.Assemblies, "*.dll")))
            File.Copy(file, Path.Combine(made, Path.GetFileName(file)), overwrite: true);
        return made;
    }

    private static string SandboxProgram => Environment.GetEnvironmentVariable("FE2_SANDBOX") is { Length: > 0 } named ? named
        : throw new NotHereException("FE2_SANDBOX does not say where the sandbox is; './build.sh bench' sets it");
}
