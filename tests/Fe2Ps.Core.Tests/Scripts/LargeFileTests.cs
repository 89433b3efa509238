using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A file that 31 bits cannot count, and small results beside it.</summary>
public sealed class LargeFileTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task AFileOfTwoGigabytesIsWholeAndDoesNotHoldUpSmallOnes()
    {
        var target = await cloud.LaunchAsync("large2");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            head -c 2147483649 /dev/urandom > large
            echo small > small
            while ! [ -e ~/go-on ]; do sleep 0.1; done
            sha256sum large > sum
            """, target));
        var there = ShellQuote.Home(job.Folder);
        await Until.TrueAsync(async () => await cloud.OnMonitorAsync($"cat {there}/small 2>/dev/null") == "small\n", "a small result passes the large one", 120);
        await using (var session = await cloud.Connector.OpenAsync(target.Ssh))
            await session.RunAsync("touch ~/go-on");
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromMinutes(6));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("2147483649\n", await cloud.OnMonitorAsync($"cd {there}; sha256sum -c --quiet sum 2>&1; stat -c %s large; ls -A | grep partial"));
    }
}
