using System.Globalization;
using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>How the job's folder comes from the monitor to the machine that is to run the script.</summary>
[SupportedOSPlatform("linux")]
public sealed class LoadTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    private const string Id = "loads-0a1b2c3d";

    [MountFact]
    public async Task WhereADataVolumeHasItsPlaceInTheFolderTheNewerFilesStay()
    {
        await using var target = await JobHost.OpenAsync(jobs.Connector, jobs.Target, default);
        await using var monitor = await JobHost.OpenAsync(jobs.Connector, jobs.Monitor, default);
        foreach (var host in new[] { target, monitor })
        {
            await RemoteScripts.InstallAsync(host.Session, host.Machine, default);
            await host.CallAsync("claim", [Id, "a load's"], "claim", null, default);
        }

        var data = ShellQuote.Home("fastec2/a load's/the data");
        Assert.Equal(0, (await monitor.Session.RunAsync(
            $"mkdir {data} && cd {data} && for file in ours theirs; do echo monitor > $file; touch -d 2026-02-02 $file; done")).ExitCode);
        var (there, key) = (monitor.Machine, jobs.Connector.PinnedKey(monitor.Machine.Id)!);
        var made = await target.CallAsync(
            "link", [Id, there.Id, there.Ssh.User, there.Ssh.Port.ToString(CultureInfo.InvariantCulture), $"{there.Id} {key.Type} {key.Blob}"], "link", null, default);
        var words = made.OutputText.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        await monitor.CallAsync("authorize", [Id, "load", words[0], words[1]], "authorize", null, default);
        try
        {
            // A volume that nobody else sees, and that is gone with the shell.
            Assert.Equal("target\nmonitor\n", await LoadedAsync(target, data, $"mount -t tmpfs none {data}"));
            // Without one, the monitor's are the files of the job.
            Assert.Equal("monitor\nmonitor\n", await LoadedAsync(target, data, "true"));
        }
        finally
        {
            await monitor.TryCallAsync("abandon", [Id], null, default);
            await target.TryCallAsync("abandon", [Id], null, default);
        }
    }

    private static async Task<string> LoadedAsync(JobHost target, string data, string mount)
    {
        var text = $"""
            mkdir -p {data} && {mount} && cd {data} || exit 1
            echo target > ours; touch -d 2026-03-03 ours
            echo target > theirs; touch -d 2026-01-01 theirs
            {RemoteScripts.Call("load", Id, "127.0.0.1")} >/dev/null && cat ours theirs
            """;
        var answer = await target.Session.RunAsync("unshare -m sh -c " + ShellQuote.Quote(text));
        return answer.OutputText + answer.ErrorText;
    }

    /// <summary>Skips by name where nothing can be mounted.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class MountFactAttribute : FactAttribute
    {
        public MountFactAttribute() => Skip = !JobFactAttribute.IsHere ? "sshd and the programs of a job are not here"
            : !Environment.IsPrivilegedProcess ? "a mount needs root" : null;
    }
}
