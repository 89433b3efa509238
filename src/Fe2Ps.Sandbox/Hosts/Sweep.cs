namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Takes away what sandboxes that died have left. Also the last step of one that ends in order.</summary>
internal static class Sweep
{
    /// <summary>Removes everything of every sandbox of this machine whose process is gone.</summary>
    public static async Task AbandonedAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        using var abandoned = Claim.FindAbandoned();
        foreach (var (id, stateFolder, temporary) in abandoned.Sandboxes().ToList())
        {
            progress?.Report($"Removing what sandbox {id} left behind.");
            await RemoveAsync(id, stateFolder, temporary, cancellationToken).ConfigureAwait(false);
            Directory.Delete(Claim.FolderOf(id), recursive: true);
        }
    }

    /// <summary>Removes processes, containers, mounts, loop devices, network and temporary disks of one sandbox, in this order: each step frees what the next one takes.</summary>
    public static async Task RemoveAsync(string id, string stateFolder, bool temporary, CancellationToken cancellationToken)
    {
        var folder = Claim.FolderOf(id);
        ProcessHosts.SignalAll(ProcessHosts.Find(ProcessFiles.Mark(id, string.Empty)), Kernel.Kill);
        var loops = stateFolder.Length > 0 ? LoopDevices.FindWithin(stateFolder).ToList() : [];
        var containers = Path.Combine(folder, "runc");
        if (Directory.Exists(containers))
        {
            foreach (var pid in loops.Count > 0 ? FirstProcesses(folder) : [])
                GuestDevices.ThawAll(pid, loops);
            await Parallel.ForEachAsync(
                Directory.GetDirectories(containers),
                cancellationToken,
                async (container, token) => await Containers.DeleteAsync(containers, Path.GetFileName(container), token).ConfigureAwait(false)).ConfigureAwait(false);
        }

        foreach (var point in MountsWithin(folder))
            Kernel.Unmount(point);
        // Looked for again: one that is free by now may be another sandbox's.
        foreach (var loop in stateFolder.Length > 0 ? LoopDevices.FindWithin(stateFolder) : [])
            await LoopDevices.TryDetachAsync(loop, cancellationToken).ConfigureAwait(false);
        if (Commands.Find("ip") is not null)
            await HostNetwork.RemoveAsync(id, cancellationToken).ConfigureAwait(false);
        if (temporary && Directory.Exists(stateFolder))
            await Commands.RunAsync("rm", ["-rf", "--one-file-system", stateFolder], cancellationToken).ConfigureAwait(false);
    }

    private static IEnumerable<int> FirstProcesses(string folder)
    {
        var hosts = Path.Combine(folder, "hosts");
        return !Directory.Exists(hosts)
            ? []
            : Directory.GetDirectories(hosts)
                .Select(host => Path.Combine(host, "pid"))
                .Where(File.Exists)
                .Select(file => int.TryParse(File.ReadAllText(file), out var pid) ? pid : 0)
                .Where(pid => pid > 0 && Directory.Exists($"/proc/{pid}"));
    }

    private static List<string> MountsWithin(string folder) =>
        [.. File.ReadLines("/proc/self/mountinfo")
            .Select(line => line.Split(' ')[4])
            .Where(point => point.StartsWith(folder + "/", StringComparison.Ordinal))
            .Reverse()];
}
