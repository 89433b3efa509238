using Amazon.EC2.Model;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Images;

/// <summary>Machines of the sandbox that are frozen with what runs on them, and what becomes of it on machines from the image.</summary>
public sealed class FrozenJobTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    [HostedFact]
    public async Task AJobDoesNotTravelInAnImage()
    {
        var target = await cloud.LaunchAsync("base");
        Job over = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("echo one > one", target));
        over = await cloud.Jobs.Control.WaitAsync(over, TimeSpan.FromSeconds(60));
        Job runs = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("echo two > two; while ! [ -e ~/go-on ]; do sleep 0.1; done; echo three > three", target));
        var reports = new Reports();

        Image image = await new ImageFreezer(cloud.Session, cloud.Connector).FreezeAsync(
            await new InstanceQuery(cloud.Session).GetAsync("base"), new FreezeRequest { Wait = true, NoReboot = true }, reports);

        Assert.Contains(reports.Warnings, w => w.Contains($"The job '{runs.Name}' runs on base", StringComparison.Ordinal));
        await new InstanceLauncher(cloud.Session, cloud.Connector).LaunchAsync(new LaunchRequest { Name = "copy", Image = image.ImageId });
        JobMachine copy = await cloud.Jobs.MachineAsync("copy");
        Assert.Empty(await new JobCatalogue(cloud.Connector).GetAsync([copy]));

        // The copy's own job runs, under a name of its own, and the machine ends after it: it waits for nobody's results.
        Job own = await cloud.Jobs.Runner.StartAsync((await cloud.RequestAsync("cat ../base/one", copy)) with { OnExit = OnExit.Terminate });
        own = await cloud.Jobs.Control.WaitAsync(own, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 0), (own.State, own.ExitCode));
        await Until.TrueAsync(async () => !await cloud.Jobs.IsRunningAsync(copy.Id, default), "the copy ends itself");

        // And the job that was running when its machine was frozen has noticed nothing.
        Job still = Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == runs.Id);
        Assert.Equal((JobState.Running, target.Id), (still.State, still.TargetId));
        await using (ISshSession ssh = await cloud.Connector.OpenAsync(target.Ssh))
            await ssh.RunAsync("touch ~/go-on");
        runs = await cloud.Jobs.Control.WaitAsync(runs, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 0), (runs.State, runs.ExitCode));
        Assert.Equal("three\n", await cloud.OnMonitorAsync($"cat {ShellQuote.Home(runs.Folder)}/three"));
    }

    [HostedFact]
    public async Task ACopyForgetsTheKeysOfTheMachineThatWasFrozen()
    {
        var target = await cloud.LaunchAsync("keyed");
        Job job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync("sleep 600", target));
        Image image = await new ImageFreezer(cloud.Session, cloud.Connector).FreezeAsync(
            await new InstanceQuery(cloud.Session).GetAsync("od1"), new FreezeRequest { Name = "monitor", Wait = true, NoReboot = true });
        await new InstanceLauncher(cloud.Session, cloud.Connector).LaunchAsync(new LaunchRequest { Name = "od2", Image = image.ImageId });
        JobMachine copy = await cloud.Jobs.MachineAsync("od2");
        await using ISshSession ssh = await cloud.Connector.OpenAsync(copy.Ssh);
        Assert.Contains(job.Id, (await ssh.RunAsync("cat ~/.ssh/authorized_keys")).OutputText, StringComparison.Ordinal);

        await RemoteScripts.InstallAsync(ssh, copy, default);

        Assert.DoesNotContain("fe2:", (await ssh.RunAsync("cat ~/.ssh/authorized_keys")).OutputText, StringComparison.Ordinal);
        Assert.Equal($"{copy.Id}\n", (await ssh.RunAsync("ls ~/.fe2/jobs; cat ~/.fe2/instance")).OutputText);
        Assert.Contains(job.Id, await cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"), StringComparison.Ordinal);
    }
}
