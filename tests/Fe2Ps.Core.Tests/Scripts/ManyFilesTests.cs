using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A script that writes more files at once than lsyncd can be told of.</summary>
public sealed class ManyFilesTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task AHundredThousandSmallFilesAreAllOnTheMonitor()
    {
        var target = await cloud.LaunchAsync("many2");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            python3 - <<'END'
            import os
            for folder in range(100):
                os.mkdir(f"part {folder}")
                for number in range(1000):
                    with open(f"part {folder}/{number}", "w") as file:
                        file.write(f"{folder} {number}\n" * (number % 40))
            END
            """, target) with { OnExit = OnExit.Terminate });
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromMinutes(6));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        // Nobody has to trust sums that the same script made: what must be in each file is known here.
        Assert.Equal("100000 files\n", await cloud.OnMonitorAsync($$"""
            cd {{ShellQuote.Home(job.Folder)}} && python3 - <<'END'
            import os
            found = 0
            for folder in range(100):
                for name in os.listdir(f"part {folder}"):
                    number = int(name)
                    with open(f"part {folder}/{name}") as file:
                        if file.read() != f"{folder} {number}\n" * (number % 40):
                            print(f"part {folder}/{name} is another")
                    found += 1
            print(found, "files")
            END
            """));
        await Until.TrueAsync(async () => !await cloud.Jobs.IsRunningAsync(target.Id, default), "many2 ends itself");
    }
}
