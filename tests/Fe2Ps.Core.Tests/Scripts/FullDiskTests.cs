using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>Disks that are full while a job needs them.</summary>
public sealed class FullDiskTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    private const string Fill = "fallocate -l $(($(df --output=avail -k ~ | tail -n 1) * 1024 - 65536)) ~/filler; cat /dev/zero > ~/filler2; true";

    [HostedFact]
    public async Task AScriptThatFillsItsDiskStillReportsItsExitCodeAndWhatItHad()
    {
        var target = await cloud.LaunchAsync("full2");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync($$"""
            echo kept > early
            { {{Fill}}; } 2>/dev/null
            head -c 100000 /dev/zero > late || exit 9
            """, target));
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 9), (job.State, job.ExitCode));
        var there = ShellQuote.Home(job.Folder);
        Assert.Equal("kept\n9\n", await cloud.OnMonitorAsync($"cat {there}/early {there}/.fe2/exit-code"));
    }

    [HostedFact]
    public async Task AFullMonitorIsSaidAndTriedAgainUntilThereIsRoom()
    {
        var target = await cloud.LaunchAsync("patient2");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            echo up > up; while ! [ -e ~/go-on ]; do sleep 0.1; done
            head -c 3000000 /dev/urandom > result; sha256sum result > sum
            """, target));
        var there = ShellQuote.Home(job.Folder);
        await Until.TrueAsync(async () => await cloud.OnMonitorAsync($"cat {there}/up") == "up\n", "the first result is on the monitor");
        await cloud.OnMonitorAsync(Fill + "; touch ~/full");
        await using (var session = await cloud.Connector.OpenAsync(target.Ssh))
            await session.RunAsync("touch ~/go-on");
        await Until.TrueAsync(
            async () => (await new JobCatalogue(cloud.Connector).GetAsync(job)).Note?.Contains("No space left", StringComparison.Ordinal) == true,
            "the job says that the monitor's disk is full", 40);
        Assert.Equal(JobState.Flushing, (await new JobCatalogue(cloud.Connector).GetAsync(job)).State);

        await cloud.OnMonitorAsync("rm ~/filler ~/filler2");
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("", await cloud.OnMonitorAsync($"cd {there}; sha256sum -c --quiet sum 2>&1"));
    }
}
