using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Jobs on machines with a real systemd: what it starts, ends and starts again, and whom it spares.</summary>
public sealed class SystemdTests(SystemdJobFixture cloud, ITestOutputHelper output) : IClassFixture<SystemdJobFixture>
{
    /// <summary>Goes on where the lines that are there end, writes down who asks it to end, and ends when the file "enough" is there.</summary>
    private const string Counter = """
        echo "start $FE2_ATTEMPT" >> starts
        trap 'echo "term $FE2_ATTEMPT" >> told; for i in 1 2 3 4 5; do sleep 0.1; done; echo "saved $FE2_ATTEMPT" >> told; exit 143' TERM
        trap 'echo "hup $FE2_ATTEMPT" >> told' HUP
        trap 'echo "notice $FE2_ATTEMPT" >> told' USR1
        echo mine > /dev/shm/memory-of-$FE2_JOB
        touch lines; n=$(wc -l < lines)
        until [ -e enough ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.1; done
        echo "the end"
        """;

    [SystemdFact]
    public async Task AJobOutlivesItsOwnersSessionAndItsWatchIsAServiceThatLivesOn()
    {
        var target = await cloud.LaunchAsync("strict", spot: true);
        await StrictAsync(target);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Counter, target));
        await WritesAsync(job);
        var service = "fe2-watch-1000.service";
        var watch = await OnAsync(target, "cut -d ' ' -f 1 .fe2/watch.pid");
        Assert.Equal(watch, await OnAsync(target, $"systemctl show -P MainPID {service}"));

        await LeaveAsync(target);
        Assert.Equal("alive\nalive\nalive\n", await OnAsync(target, $$"""
            . ~/.fe2/lib.sh; cd ~/.fe2/jobs/{{job.Id}}; for f in run.pid keep.pid ../../watch.pid; do alive $f && echo alive; done; true
            """));
        Assert.Equal($"{job.Name}\n", await OnAsync(target, "tmux list-sessions -F '#{session_name}'"));
        Assert.Equal("mine\n", await OnAsync(target, $"cat /dev/shm/memory-of-{job.Name}"));
        await GrowsAsync(job);

        await OnAsync(target, $"sudo kill -9 {watch.Trim()}");
        await Until.TrueAsync(async () => (await OnAsync(target, "cut -d ' ' -f 1 .fe2/watch.pid")) is var next && next != watch
            && next == await OnAsync(target, $"systemctl show -P MainPID {service}"), "systemd has started another watch", 60);
        var size = int.Parse(await OnAsync(target, $"for p in $(cat /sys/fs/cgroup/system.slice/{service}/cgroup.procs); do sudo grep ^Pss: /proc/$p/smaps_rollup; done | awk '{{ s += $2 }} END {{ print s }}'"), CultureInfo.InvariantCulture);
        Assert.InRange(size, 1, 10_000);
        var before = await WorkAsync(target, service);
        await Until.TrueAsync(async () => (await WorkAsync(target, service)).Up - before.Up > 10, "some time has passed", 60);
        var after = await WorkAsync(target, service);
        var share = (after.Seconds - before.Seconds) / (after.Up - before.Up);
        output.WriteLine($"watch: {size} kB, {share:P2} of a core");
        Assert.InRange(share, 0, 0.01);

        await cloud.FaultAsync(new { kind = "interrupt", instance = "strict", seconds = 10 });
        await Until.TrueAsync(async () => await cloud.StateOfAsync(target.Id) == "terminated", "EC2 takes the machine away", 90);
        var gone = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(90));
        Assert.Equal(JobState.Lost, gone.State);
        Assert.NotNull(gone.Interrupted);
        Assert.NotNull(gone.Saved);
        Assert.Equal("notice 1\nterm 1\nsaved 1\n", await OnMonitorAsync(job, "cat told"));
        await InOrderAsync(job);
    }

    [SystemdFact]
    public async Task AStoppedMachinesJobGoesOnByAServiceOfSystemdAndIsAskedToEndAtEachShutdown()
    {
        var target = await cloud.LaunchAsync("unit", OnInterruption.Stop);
        await StrictAsync(target);
        await OnAsync(target, "sudo rm -r /var/lib/cloud/scripts/per-boot");
        var job = await StartAsync(target);
        await WritesAsync(job);
        Assert.Equal("enabled\n", await OnAsync(target, "systemctl is-enabled fe2-jobs-1000.service"));
        await cloud.FaultAsync(new { kind = "interrupt", instance = "unit", seconds = 4 });
        await Until.TrueAsync(async () => await cloud.StateOfAsync(target.Id) == "stopped", "EC2 stops the machine", 90);
        await cloud.FaultAsync(new { kind = "room", instance = "unit" });
        await StartsAsync(job, 2);
        Assert.Equal("active\n", await OnTargetAsync(job, "systemctl is-active fe2-jobs-1000.service"));
        await ForgottenAsync(job);
        await RebootAsync(target);
        await StartsAsync(job, 3);
        await EndAsync(job, "notice 1\nterm 1\nsaved 1\nterm 2\nsaved 2\n", "interrupted", "restarted");
    }

    [SystemdFact]
    public async Task ARestartedMachinesJobGoesOnByCloudInit()
    {
        var target = await cloud.LaunchAsync("cloudy");
        await StrictAsync(target);
        var job = await StartAsync(target);
        await WritesAsync(job);
        Assert.Equal("fe2-jobs-1000\n", await OnAsync(target, "ls /var/lib/cloud/scripts/per-boot"));
        await RebootAsync(target);
        await StartsAsync(job, 2);
        await ForgottenAsync(job);
        await RebootAsync(target);
        await StartsAsync(job, 3);
        await EndAsync(job, "term 1\nsaved 1\nterm 2\nsaved 2\n", "restarted", "restarted");
    }

    [SystemdFact]
    public async Task WhoMayNotBecomeRootHasCron()
    {
        var target = await cloud.LaunchAsync("humble");
        await OnAsync(target, "sudo rm /etc/sudoers.d/90-cloud-init-users");
        var job = await StartAsync(target);
        await WritesAsync(job);
        Assert.Contains("@reboot", await OnAsync(target, "crontab -l"), StringComparison.Ordinal);
        await RebootAsync(target);
        await StartsAsync(job, 2);
        await EndAsync(job, null, "restarted");
    }

    /// <summary>As administrators may have it: who leaves takes along what he has started, at once.</summary>
    private Task<string> StrictAsync(JobMachine target) => OnAsync(
        target, "sudo mkdir -p /etc/systemd/logind.conf.d; printf '[Login]\nKillUserProcesses=yes\nUserStopDelaySec=0\n' | sudo tee /etc/systemd/logind.conf.d/strict.conf; sudo systemctl restart systemd-logind");

    /// <summary>All sessions end, as when connections break, and for a while nobody can come.</summary>
    private async Task LeaveAsync(JobMachine target)
    {
        await OnAsync(target, """
            sudo systemd-run --quiet --collect sh -c 'sleep 0.5; systemctl stop ssh; pkill -u ubuntu sshd
                until [ -z "$(loginctl --no-legend list-sessions)" ]; do sleep 0.1; done; sleep 2; touch /left; systemctl start ssh'
            """);
        await Until.TrueAsync(async () => await TryOnAsync(target, "ls /left") == "/left\n", "nobody was logged in", 60);
    }

    /// <summary>Logs in, leaves, and sees that what the user's programs keep in memory is still there: systemd takes it from those who have left.</summary>
    private async Task ForgottenAsync(Job job)
    {
        var target = await cloud.Jobs.MachineAsync(job.TargetId);
        await LeaveAsync(target);
        Assert.Equal("mine\n", await OnAsync(target, $"cat /dev/shm/memory-of-{job.Name}"));
    }

    private async Task<Job> StartAsync(JobMachine target)
    {
        var facts = await new RecoveryPlan(cloud.Session).OfAsync(target, new RecoveryOptions(), InterruptSignal.USR1);
        return await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Counter, target) with { Recovery = facts });
    }

    private async Task EndAsync(Job job, string? told, params string[] ends)
    {
        await OnTargetAsync(job, $"touch {ShellQuote.Home(job.Folder + "/enough")}");
        var over = await new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(await KnownAsync(job), TimeSpan.FromSeconds(120));
        Assert.Equal((JobState.Finished, 0, ends.Length + 1), (over.State, over.ExitCode, over.Attempt));
        Assert.Equal([.. ends, null], over.Recovery!.Attempts.Select(a => a.End));
        if (told is not null)
            Assert.Equal(told, await OnMonitorAsync(job, "cat told"));
        Assert.EndsWith("the end\n", await OnMonitorAsync(job, "cat .fe2/output.log"), StringComparison.Ordinal);
        await InOrderAsync(job);
        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(job.TargetId, default)]);
    }

    private async Task InOrderAsync(Job job)
    {
        var lines = (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(n => $"line {n}"), lines);
    }

    private async Task RebootAsync(JobMachine target)
    {
        var instance = await new InstanceQuery(cloud.Session).GetAsync(target.Id, default);
        await cloud.Session.Ec2.RebootInstancesAsync(new RebootInstancesRequest { InstanceIds = [instance.InstanceId] });
    }

    /// <summary>How long the service's processes have kept a core busy, and the machine's clock, both in seconds.</summary>
    private async Task<(double Seconds, double Up)> WorkAsync(JobMachine target, string service)
    {
        var words = (await OnAsync(target, $$"""
            for p in $(cat /sys/fs/cgroup/system.slice/{{service}}/cgroup.procs); do cat /proc/$p/stat; done | sed 's/^.*) //' | awk '{ s += $12 + $13 } END { printf "%d ", s }'
            cat /proc/uptime
            """)).Split(' ');
        return (double.Parse(words[0], CultureInfo.InvariantCulture) / 100, double.Parse(words[1], CultureInfo.InvariantCulture));
    }

    private async Task StartsAsync(Job job, int starts)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "wc -l < starts") == $"{starts}\n", $"the monitor has {starts} starts", 120);
        output.WriteLine($"start {starts} after {clock.Elapsed.TotalSeconds:0.0} s");
    }

    private Task WritesAsync(Job job) =>
        Until.TrueAsync(async () => await OnMonitorAsync(job, "test -s lines && echo yes") == "yes\n", "the first lines are on the monitor", 60);

    private async Task GrowsAsync(Job job)
    {
        var before = await OnMonitorAsync(job, "wc -l < lines");
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "wc -l < lines") != before, "lines arrive", 60);
    }

    private async Task<Job> KnownAsync(Job job) => Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);

    private async Task<string> OnTargetAsync(Job job, string command) => await OnAsync(await cloud.Jobs.MachineAsync(job.TargetId), command);

    private async Task<string> OnAsync(JobMachine machine, string command)
    {
        await using var session = await cloud.Connector.OpenAsync(machine.Ssh);
        var result = await session.RunAsync(command);
        Assert.True(result.ExitCode == 0, $"{command}: {result.ErrorText}");
        return result.OutputText;
    }

    /// <summary>Null where the machine cannot be reached.</summary>
    private async Task<string?> TryOnAsync(JobMachine machine, string command)
    {
        try
        {
            await using var session = await cloud.Connector.OpenAsync(machine.Ssh);
            return (await session.RunAsync(command)).OutputText;
        }
        catch (Fe2Exception)
        {
            return null;
        }
    }

    private Task<string> OnMonitorAsync(Job job, string command) => cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");
}
