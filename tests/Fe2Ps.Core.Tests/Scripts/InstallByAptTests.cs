using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>Machines that lack what a job needs, and the real apt on them.</summary>
public sealed class InstallByAptTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    private const string Work = """
        mkdir "sub folder"
        for n in 1 2 3; do head -c 200000 /dev/urandom > "sub folder/result $n"; done
        sha256sum "sub folder"/* > sums
        exit 3
        """;

    [PackagedFact]
    public async Task WhatAJobNeedsIsInstalledAndAnImageIsProposed()
    {
        await using var target = await BareMachine.LaunchAsync(cloud, "bare2");
        await using var monitor = await BareMachine.LaunchAsync(cloud, "bare1");
        Assert.Equal("", await target.ProgramsAsync() + await monitor.ProgramsAsync());
        // As in a published image: apt knows of no package at all.
        Assert.Equal("", await target.RootAsync("find /var/lib/apt/lists -type f ! -name lock"));
        var said = new Reports();
        var request = await cloud.RequestAsync(Work, target.Machine) with { Monitor = monitor.Machine };
        var job = await cloud.Jobs.Control.WaitAsync(await cloud.Jobs.Runner.StartAsync(request, said), TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 3), (job.State, job.ExitCode));
        Assert.Equal("", (await monitor.TryAsync($"cd {ShellQuote.Home(job.Folder)} && sha256sum -c --quiet sums 2>&1")).OutputText);
        Assert.Equal("tmux\nlsyncd\nrsync\n", await target.ProgramsAsync());
        Assert.Equal("rsync\n", await monitor.ProgramsAsync());
        Assert.Equal(
            ["rsync had to be installed on bare1. Freeze an image that has what your jobs need, and the next start is faster.",
             "tmux, rsync, lsyncd had to be installed on bare2. Freeze an image that has what your jobs need, and the next start is faster."],
            said.Warnings.Order());

        // The second time nothing is missing, and nothing is said.
        var again = new Reports();
        await cloud.Jobs.Control.WaitAsync(await cloud.Jobs.Runner.StartAsync(request, again), TimeSpan.FromSeconds(60));
        Assert.Empty(again.Warnings);
    }

    // A first boot's own updates (cloud-init, unattended-upgrades) hold one lock after the other.
    [PackagedFact]
    public async Task AptsLocksAreWaitedFor()
    {
        await using var target = await BareMachine.LaunchAsync(cloud, "busy2");
        await target.RootAsync("""
            cat > /tmp/hold.py <<'END'
            import fcntl, os, time
            names = ["/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock", "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"]
            held = []
            for name in names:
                held.append(open(name, "w"))
                fcntl.lockf(held[-1], fcntl.LOCK_EX)
            print("held", flush=True)
            while held:
                time.sleep(3)
                held.pop(0).close()
            open("/tmp/given-back", "w").close()
            END
            setsid python3 /tmp/hold.py > /tmp/held 2>&1 < /dev/null &
            until grep -q held /tmp/held; do sleep 0.1; done
            """);
        var request = await cloud.RequestAsync(Work, target.Machine);
        var job = await cloud.Jobs.Control.WaitAsync(await cloud.Jobs.Runner.StartAsync(request), TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 3), (job.State, job.ExitCode));
        Assert.Equal("/tmp/given-back\n", (await target.TryAsync("ls /tmp/given-back")).OutputText);
        Assert.Equal("", await cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && sha256sum -c --quiet sums 2>&1"));
    }

    [PackagedFact]
    public async Task WhatCannotBeInstalledIsSaidWithItsReason()
    {
        await using var target = await BareMachine.LaunchAsync(cloud, "closed2");
        await target.RootAsync("rm /srv/debs/tmux_*; cd /srv/debs; sed -i '/^Package: tmux$/,/^$/d' Packages");
        var request = await cloud.RequestAsync(Work, target.Machine);
        var absent = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Jobs.Runner.StartAsync(request));
        Assert.Equal("ProgramMissing", absent.Id);
        Assert.Equal("closed2 has no tmux, and it could not be installed there: Unable to locate package tmux.", absent.Message);

        await target.RootAsync("rm /etc/sudoers.d/90-cloud-init-users");
        var refused = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Jobs.Runner.StartAsync(request));
        Assert.Equal("ProgramMissing", refused.Id);
        Assert.Equal("closed2 has no tmux, and it could not be installed there: the user ubuntu may not use sudo without a password.", refused.Message);
        Assert.Equal("", await cloud.OnMonitorAsync($"ls -d ~/fastec2/closed2* 2>/dev/null"));
    }

    [PackagedFact]
    public async Task WithoutLsyncdPassesBringTheResults()
    {
        await using var target = await BareMachine.LaunchAsync(cloud, "plain2");
        await target.RootAsync("cd /srv/debs; sed -i '/^Package: lsyncd$/,/^$/d' Packages");
        var said = new Reports();
        var job = await cloud.Jobs.Runner.StartAsync(
            await cloud.RequestAsync("echo early > early; while ! [ -e ~/go-on ]; do sleep 0.1; done\n" + Work, target.Machine), said);
        await Until.TrueAsync(
            async () => await cloud.OnMonitorAsync($"cat {ShellQuote.Home(job.Folder)}/early") == "early\n", "a result is on the monitor while the script runs");
        await target.TryAsync("touch ~/go-on");
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 3), (job.State, job.ExitCode));
        Assert.Equal("", await cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && sha256sum -c --quiet sums 2>&1"));
        Assert.Contains(said.Warnings, w => w.StartsWith(
            "plain2 has no lsyncd, and it could not be installed there (Unable to locate package lsyncd); rsync in a loop", StringComparison.Ordinal));
    }
}
