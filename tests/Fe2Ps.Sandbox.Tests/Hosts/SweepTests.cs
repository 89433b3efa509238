using System.Diagnostics;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

public sealed class SweepTests
{
    [ContainerFact]
    public async Task What_a_killed_sandbox_leaves_is_gone_when_the_next_one_has_started()
    {
        var folder = Directory.CreateTempSubdirectory("hosts-tests-").FullName;
        var state = Path.Combine(folder, "crashing");
        using var owner = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(SweepTests).Assembly.Location, CrashingOwner.Word, state]) { RedirectStandardOutput = true })!;
        var id = await owner.StandardOutput.ReadLineAsync();
        Assert.NotNull(id);
        Assert.NotEmpty(await TracesAsync(id, state));

        owner.Kill();
        await owner.WaitForExitAsync();
        Assert.NotEmpty(await TracesAsync(id, state));
        await using (var next = new ContainerFabric(Path.Combine(folder, "next"), temporary: true))
            await next.PrepareAsync(null, CancellationToken.None);

        Assert.Equal("", await TracesAsync(id, state));
        Directory.Delete(folder, recursive: true);
    }

    [ContainerFact]
    public async Task An_orderly_end_leaves_nothing_and_kept_state_stays()
    {
        var folder = Directory.CreateTempSubdirectory("hosts-tests-").FullName;
        string id;
        await using (var fabric = new ContainerFabric(folder, temporary: false))
        {
            await CrashingOwner.FillAsync(fabric);
            id = fabric.Id;
        }

        Assert.Equal("", await TracesAsync(id, folder + "/none"));
        Assert.True(File.Exists(Path.Combine(folder, "volumes", "vol-1")));
        Assert.True(Directory.Exists(Path.Combine(folder, "roots", "vol-root")));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Whatever on this machine carries the sandbox's name.</summary>
    private static async Task<string> TracesAsync(string id, string state)
    {
        var (_, links, _) = await Commands.TryAsync("ip", ["-o", "link"], CancellationToken.None);
        var (_, spaces, _) = await Commands.TryAsync("ip", ["netns"], CancellationToken.None);
        var (_, loops, _) = await Commands.TryAsync("losetup", ["-a"], CancellationToken.None);
        var (_, cgroups, _) = await Commands.TryAsync("find", ["/sys/fs/cgroup", "-name", $"*{id}*"], CancellationToken.None);
        var (_, processes, _) = await Commands.TryAsync("pgrep", ["-f", id], CancellationToken.None);
        var mounts = await File.ReadAllTextAsync("/proc/self/mountinfo");
        var lines = string.Join('\n', links, spaces, cgroups, mounts).Split('\n').Where(line => line.Contains(id, StringComparison.Ordinal))
            .Concat(loops.Split('\n').Where(line => line.Contains(state, StringComparison.Ordinal)))
            .Concat(processes.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            .Concat(new[] { Claim.FolderOf(id), state }.Where(Directory.Exists));
        return string.Join('\n', lines);
    }
}
