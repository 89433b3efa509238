using System.Globalization;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Runs containers with runc.</summary>
internal sealed class Containers(Claim claim)
{
    // runc is a few processes of a tenth of a second each; more at once than this only makes all of them late.
    private readonly SemaphoreSlim _turns = new(Math.Max(2, Environment.ProcessorCount * 2));

    public string NameOf(string instanceId) => $"fe2-{claim.Id}-{instanceId}";

    /// <summary>Makes the container, its namespaces and its first process, which does not run yet.</summary>
    /// <param name="console">The file that gets what the first process writes.</param>
    /// <returns>The first process's id on this machine.</returns>
    public async Task<int> CreateAsync(string instanceId, string bundle, string console, CancellationToken cancellationToken)
    {
        var pidFile = Path.Combine(bundle, "pid");
        var log = Path.Combine(bundle, "runc.log");
        await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The container keeps the standard streams of its creator. A pipe of ours would die with us, so a shell that does
            // nothing else puts the console file there first.
            var (code, _, error) = await Commands.TryAsync(
                "sh",
                [
                    "-c", "out=$1; shift; exec \"$@\" </dev/null >>\"$out\" 2>&1", "sh", console,
                    Commands.Find("runc") ?? "runc", "--root", claim.ContainersFolder, "--log", log,
                    "create", "--no-new-keyring", "--bundle", bundle, "--pid-file", pidFile, NameOf(instanceId),
                ],
                cancellationToken).ConfigureAwait(false);
            if (code != 0)
            {
                var said = File.Exists(log) ? await File.ReadAllTextAsync(log, cancellationToken).ConfigureAwait(false) : error;
                throw new IOException($"runc could not make {instanceId}: {said.Trim()}");
            }
        }
        finally
        {
            _turns.Release();
        }

        return int.Parse(await File.ReadAllTextAsync(pidFile, cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    public Task StartAsync(string instanceId, CancellationToken cancellationToken) =>
        Commands.RunAsync("runc", ["--root", claim.ContainersFolder, "start", NameOf(instanceId)], cancellationToken);

    /// <summary>Removes the container, its processes if there are any, and its cgroups.</summary>
    public Task DeleteAsync(string instanceId, CancellationToken cancellationToken) =>
        DeleteAsync(claim.ContainersFolder, NameOf(instanceId), cancellationToken);

    public static Task DeleteAsync(string containersFolder, string name, CancellationToken cancellationToken) =>
        Commands.TryAsync("runc", ["--root", containersFolder, "delete", "--force", name], cancellationToken);
}
