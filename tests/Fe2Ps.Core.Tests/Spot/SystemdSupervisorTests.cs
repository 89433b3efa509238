using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>The supervisor on a monitor with a real systemd, as on EC2: it outlives its session, a kill and a restart of the monitor.</summary>
public sealed class SystemdSupervisorTests(SystemdJobFixture cloud, ITestOutputHelper output) : CountedJobTests(cloud), IClassFixture<SystemdJobFixture>
{
    [SystemdFact]
    public async Task ASupervisorIsAServiceThatAlsoComesBackWithItsMonitor()
    {
        // What works on the first machine for as long as the monitor needs, and on the next one ends.
        var (job, _) = await BeginAsync("kept", lines: 20, end: "until [ $FE2_ATTEMPT = 2 ]; do sleep 0.2; done");
        var supervisor = new Supervisor(Cloud.Session, Cloud.Jobs) { Silence = TimeSpan.FromSeconds(75), BetweenTries = TimeSpan.FromSeconds(1), RolePatience = TimeSpan.FromSeconds(5) };
        Assert.True(await supervisor.StartAsync(job));
        var unit = $"fe2-supervise-{job.Id}-1000.service";
        var first = await ServesAsync("0");

        await Cloud.OnMonitorAsync($"sudo kill -9 {first}");
        var second = await ServesAsync(first);
        // Neither the session that started it nor any other is needed.
        Assert.Equal($"0::/system.slice/{unit}\n", await Cloud.OnMonitorAsync($"grep ^0:: /proc/{second}/cgroup"));

        await Cloud.OnMonitorAsync("sudo touch /run/before");
        var monitor = await Cloud.Jobs.MachineAsync("od1");
        await Cloud.Session.Ec2.RebootInstancesAsync(new Amazon.EC2.Model.RebootInstancesRequest { InstanceIds = [monitor.Id] });
        await ServesAsync(second);
        Assert.Equal("gone\n", await Cloud.OnMonitorAsync("[ -e /run/before ] || echo gone"));

        await InterruptAsync(job.TargetId, 120);
        try
        {
            await Until.TrueAsync(
                async () => await OrSilentAsync($"ls .fe2/jobs/{job.Id}/plan 2>/dev/null; head -n 1 {ShellQuote.Home(job.Folder + "/.fe2/state")}") == "finished\n",
                "the job is over, and nobody's computer waited for it", 240);
        }
        finally
        {
            output.WriteLine(await OrSilentAsync($"cat .fe2/jobs/{job.Id}/supervise.log .fe2/jobs/{job.Id}/attempts; journalctl --no-pager -u {unit} | tail -n 20"));
        }

        var over = Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id);
        await CompleteAsync(over, machines: 2, lines: 20);
        await Until.TrueAsync(async () => await OrSilentAsync("systemctl --no-legend --all list-units 'fe2-supervise*'") == "", "no unit is left", 30);

        // Which process systemd keeps, another than before.
        async Task<string> ServesAsync(string before)
        {
            var pid = "";
            await Until.TrueAsync(
                async () => (pid = (await OrSilentAsync($"systemctl show -P MainPID {unit}"))?.Trim() ?? "0") is not ("" or "0") && pid != before
                    && (await OrSilentAsync($"cut -d ' ' -f 1 .fe2/jobs/{job.Id}/supervise.pid"))?.Trim() == pid,
                "systemd keeps a supervisor", 90);
            return pid;
        }
    }

    /// <summary>Null while the monitor cannot be reached.</summary>
    private async Task<string?> OrSilentAsync(string command)
    {
        try
        {
            return await Cloud.OnMonitorAsync(command);
        }
        catch (Fe2Exception)
        {
            return null;
        }
    }
}
