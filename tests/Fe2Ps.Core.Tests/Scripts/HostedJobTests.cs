using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>Jobs between hosts of the sandbox: machines that really end, and a network that really fails.</summary>
public sealed class HostedJobTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task ATerminatedMachineLeavesEveryByteOnItsMonitor()
    {
        var target = await cloud.LaunchAsync("spot2", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            echo starting
            for n in 1 2 3; do head -c 300000 /dev/urandom > "$FE2_DIR/result '$n' 결과"; sleep 0.5; done
            sha256sum result*
            echo the last line
            """, target) with { OnExit = OnExit.Terminate });
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        await Until.TrueAsync(async () => !await cloud.Jobs.IsRunningAsync(target.Id, default), "spot2 ends itself");

        // The machine is gone: whoever asks now learns everything from the monitor.
        var known = Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
        Assert.Equal((JobState.Finished, 0), (known.State, known.ExitCode));
        var here = cloud.Folder();
        await cloud.Jobs.Control.ReceiveAsync(known, here);
        var output = await File.ReadAllTextAsync(Path.Combine(here, ".fe2/output.log"));
        Assert.StartsWith("starting\n", output);
        Assert.EndsWith("the last line\n", output);
        Assert.Equal("", await cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)}; grep result .fe2/output.log | sha256sum -c --quiet 2>&1"));
        Assert.Equal("0\n", await cloud.OnMonitorAsync("grep -c fe2: ~/.ssh/authorized_keys"));
    }

    [HostedFact]
    public async Task AMonitorThatIsAwayForAWhileMissesNothing()
    {
        var target = await cloud.LaunchAsync("away2");
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("""
            echo before > before
            while ! [ -e ~/go-on ]; do sleep 0.1; done
            for n in $(seq 200); do echo $n > during-$n; done
            echo the last line
            """, target));
        await Until.TrueAsync(async () => await cloud.OnMonitorAsync($"cat {ShellQuote.Home(job.Folder)}/before") == "before\n", "the first result is on the monitor");
        await cloud.FaultAsync(new { kind = "cut", instance = "od1" });
        await using (var session = await cloud.Connector.OpenAsync(target.Ssh))
            await session.RunAsync("touch ~/go-on");
        await Until.TrueAsync(
            async () => (await cloud.Jobs.Control.WaitAsync(job with { Monitor = null }, TimeSpan.FromSeconds(1)).ContinueWith(t => t.Exception?.InnerException))
                is Fe2Exception { Id: "ScriptWaitTimeout" } waiting && waiting.Message.Contains("flushing", StringComparison.Ordinal),
            "the script has ended and its results wait");
        var held = Assert.Single(await new JobCatalogue(cloud.Connector).GetAsync([target]), j => j.Id == job.Id);
        Assert.Equal(JobState.Flushing, held.State);
        Assert.Equal(0, held.ExitCode);
        await Until.TrueAsync(
            async () => Assert.Single(await new JobCatalogue(cloud.Connector).GetAsync([target]), j => j.Id == job.Id).Note is not null,
            "the job says what it waits for", 60);

        await cloud.FaultAsync(new { kind = "join", instance = "od1" });
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(90));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("200\nthe last line\n", await cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)}; ls during-* | wc -l; cat .fe2/output.log"));
    }

    [HostedFact]
    public async Task APersistentSpotMachineStopsAfterItsJobAndIsNotLeftToComeBack()
    {
        var target = await cloud.LaunchPersistentAsync("persistent2");
        var request = await cloud.RequestAsync("echo result > result", target);
        var comesBack = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Jobs.Runner.StartAsync(request with { OnExit = OnExit.Terminate }));
        Assert.Equal(("InstanceComesBack", target.Id), (comesBack.Id, comesBack.Target));
        Assert.Contains("sir-", comesBack.NextStep);
        Assert.Equal("", await cloud.OnMonitorAsync("ls -d ~/fastec2/persistent2* 2>/dev/null"));

        var job = await cloud.Jobs.Control.WaitAsync(
            await cloud.Jobs.Runner.StartAsync(request with { OnExit = OnExit.Stop }), TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("result\n", await cloud.OnMonitorAsync($"cat {ShellQuote.Home(job.Folder)}/result"));
        await Until.TrueAsync(async () => await cloud.StateOfAsync(target.Id) == "stopped", "the machine has stopped");
        // It is the owner's to start again, with its disk.
        await cloud.StartAsync(target.Id);
        await using var session = await cloud.Connector.OpenAsync((await cloud.Jobs.MachineAsync("persistent2")).Ssh);
        Assert.Equal("result\n", (await session.RunAsync($"cat {ShellQuote.Home(job.Folder)}/result")).OutputText);
    }

    [HostedFact]
    public async Task AMachineThatIsKilledIsLostAndItsKeyLeavesTheMonitor()
    {
        var target = await cloud.LaunchAsync("killed2", spot: true);
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("echo early > early; echo line; sleep 600", target));
        await Until.TrueAsync(
            async () => await cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)}; cat early .fe2/output.log") == "early\nline\n", "the results are on the monitor");
        await cloud.FaultAsync(new { kind = "kill", instance = target.Id });
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(90));
        Assert.Equal((JobState.Lost, (int?)null), (job.State, job.ExitCode));
        Assert.DoesNotContain(job.Id, await cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"));
        var output = new MemoryStream();
        await cloud.Jobs.Control.FollowAsync(job, bytes => output.Write(bytes.Span));
        Assert.Equal("line\n", System.Text.Encoding.UTF8.GetString(output.ToArray()));
    }
}
