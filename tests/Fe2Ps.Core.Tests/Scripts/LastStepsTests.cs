using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>The end of a job where something is in its way.</summary>
[SupportedOSPlatform("linux")]
public sealed class LastStepsTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    private string Private(Job job, string file) => Path.Combine(jobs.TargetHost.Home, ".fe2/jobs", job.Id, file);

    [JobFact]
    public async Task AnEmptyEndFileNeitherEndsTheJobNorHidesItsExitCode()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "empty-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; exit 5"));
        // What a full /dev/shm leaves: a file without content, and no room for another.
        var end = $"/dev/shm/fe2-{job.Id}.end";
        await File.WriteAllTextAsync(end, "");
        Directory.CreateDirectory(end + ".new");
        try
        {
            await File.WriteAllTextAsync(gate, "");
            job = await jobs.WaitAsync(job);
            Assert.Equal((JobState.Finished, 5), (job.State, job.ExitCode));
            Assert.Equal("5\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/exit-code")));
        }
        finally
        {
            Directory.Delete(end + ".new");
        }
    }

    [JobFact]
    public async Task NoRsyncOfLsyncdOutlivesTheJob()
    {
        // lsyncd's own transfer hangs and does not listen to SIGTERM; the others are as ever.
        var rsync = Path.Combine(jobs.TargetHost.Bin, "rsync");
        var pid = Path.Combine(jobs.TargetHost.Home, "hanging-rsync");
        await File.WriteAllTextAsync(rsync, $$"""
            #!/bin/sh
            case " $* " in
                *' --max-size=64m '*) trap '' TERM; echo $$ > '{{pid}}.new'; mv '{{pid}}.new' '{{pid}}'; while :; do sleep 0.1; done ;;
            esac
            exec /usr/bin/rsync "$@"

            """);
        File.SetUnixFileMode(rsync, (UnixFileMode)0b111_101_101);
        try
        {
            var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{pid}' ]; do sleep 0.05; done; echo x > kept"));
            job = await jobs.WaitAsync(job);
            Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
            Assert.False(Lives((await File.ReadAllTextAsync(pid)).Trim()));
            Assert.True(File.Exists(jobs.OnMonitor(job, "kept")));
        }
        finally
        {
            File.Delete(rsync);
        }
    }

    [JobFact]
    public async Task WhatAKilledKeepLeftIsEndedByTheNextOne()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "killed-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; echo x > kept"));
        await Until.TrueAsync(() => File.Exists(Private(job, "lsyncd.session")), "lsyncd is up");
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        var lsyncd = (await File.ReadAllTextAsync(Private(job, "lsyncd.session"))).Trim();
        await session.RunAsync($"read -r pid born < ~/.fe2/jobs/{job.Id}/keep.pid && kill -KILL $pid");
        Assert.True(Lives(lsyncd));

        // Who looks at the job finds it without its keeper and gives it one, whose lsyncd is another.
        await Until.TrueAsync(async () =>
        {
            await jobs.Catalogue.GetAsync(job);
            return File.Exists(Private(job, "lsyncd.session")) && (await File.ReadAllTextAsync(Private(job, "lsyncd.session"))).Trim() is var now && now != "" && now != lsyncd;
        }, "another lsyncd is up");
        Assert.False(Lives(lsyncd));
        await File.WriteAllTextAsync(gate, "");
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.True(File.Exists(jobs.OnMonitor(job, "kept")));
    }

    [JobFact]
    public async Task AJobThatIsToGoOnHasAKeeperAgainToo()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "recover-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"while ! [ -e '{gate}' ]; do sleep 0.05; done; echo x > kept"));
        await Until.TrueAsync(() => File.Exists(Private(job, "lsyncd.session")), "lsyncd is up");
        await File.WriteAllTextAsync(Private(job, "recover"), "3 \n");
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        var keeper = (await session.RunAsync($"read -r pid born < ~/.fe2/jobs/{job.Id}/keep.pid && kill -KILL $pid && echo $pid")).OutputText.Trim();
        await Until.TrueAsync(async () =>
        {
            await jobs.Catalogue.GetAsync(job);
            return (await File.ReadAllTextAsync(Private(job, "keep.pid"))).Split(' ')[0] is var now && now != keeper && Lives(now);
        }, "another keeper is up, although the script runs", 60);
        await File.WriteAllTextAsync(gate, "");
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.True(File.Exists(jobs.OnMonitor(job, "kept")));
    }

    [JobFact]
    public async Task ASecondKeeperOfAJobEndsAtOnceAndChangesNothing()
    {
        var job = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("exit 7")));
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        await Until.TrueAsync(async () => (await jobs.Catalogue.GetAsync([jobs.Target])).Single(j => j.Id == job.Id).State == JobState.Finished, "the target knows");
        await session.RunAsync(RemoteScripts.Call("keep", job.Id));
        Assert.Equal((JobState.Finished, 7), (await jobs.Catalogue.GetAsync([jobs.Target])).Where(j => j.Id == job.Id).Select(j => (j.State, j.ExitCode!.Value)).Single());
    }

    [JobFact]
    public async Task AfterARestartOfTheMachineTheResultsStillTravelAndTheKeyGoes()
    {
        var called = Path.Combine(jobs.TargetHost.Home, "shutdown-called");
        File.Delete(called);
        var job = await jobs.Runner.StartAsync(jobs.Request("echo x > kept; sleep 600") with { OnExit = OnExit.Terminate });
        await Until.TrueAsync(() => File.Exists(jobs.OnTarget(job, "kept")), "the script has written");
        // A machine that lost its power: nothing of the job lives, and the memory is empty.
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        await session.RunAsync($$"""
            cd ~/.fe2/jobs/{{job.Id}}; read -r keep _ < keep.pid; kill -KILL $keep; kill -KILL "$(cat lsyncd.session)"
            read -r run _ < run.pid; [ "$run" -gt 1 ] && pkill -KILL -s "$run"; true
            """);
        await File.WriteAllTextAsync(jobs.OnTarget(job, "late"), "not yet on the monitor");
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Lost, (int?)null), (job.State, job.ExitCode));
        Assert.Equal("not yet on the monitor", await File.ReadAllTextAsync(jobs.OnMonitor(job, "late")));
        Assert.DoesNotContain("fe2:" + job.Id, await File.ReadAllTextAsync(Path.Combine(jobs.MonitorHost.Home, ".ssh/authorized_keys")));
        await Until.TrueAsync(() => File.Exists(called), "the machine is shut down");
        File.Delete(called);
    }

    [JobFact]
    public async Task AKeeperThatIsToldToEndBringsWhatThereIsFirst()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "term-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"""
            while ! [ -e '{gate}-1' ]; do sleep 0.05; done
            head -c 70000000 /dev/zero > big; touch '{gate}-2'
            while ! [ -e '{gate}-3' ]; do sleep 0.05; done
            """));
        await Until.TrueAsync(() => File.Exists(jobs.OnMonitor(job, ".fe2/heartbeat")), "the first pass");
        await File.WriteAllTextAsync(gate + "-1", "");
        await Until.TrueAsync(() => File.Exists(gate + "-2"), "a file too large for lsyncd");
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        await session.RunAsync($"read -r pid born < ~/.fe2/jobs/{job.Id}/keep.pid && kill -TERM $pid");
        // The next ordinary pass would come after 30 s.
        await Until.TrueAsync(() => File.Exists(jobs.OnMonitor(job, "big")), "the file is on the monitor", 20);
        await File.WriteAllTextAsync(gate + "-3", "");
        Assert.Equal(0, (await jobs.WaitAsync(job)).ExitCode);
    }

    [JobFact]
    public async Task WhatOnlyTheTargetHasIsReceivedFromThereAndOtherwiseSaidToBeMissing()
    {
        var job = await jobs.Runner.StartAsync(jobs.Request("echo x > kept; sleep 600"));
        await Until.TrueAsync(() => File.Exists(jobs.OnMonitor(job, "kept")), "the first result is on the monitor");
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        await session.RunAsync($"read -r keep _ < ~/.fe2/jobs/{job.Id}/keep.pid; read -r run _ < ~/.fe2/jobs/{job.Id}/run.pid; kill -KILL $keep $run; pkill -KILL -s $(cat ~/.fe2/jobs/{job.Id}/lsyncd.session)");
        // Lost, and its last result never left the target.
        await File.WriteAllTextAsync(jobs.OnTarget(job, ".fe2/state"), "lost\n");
        await File.WriteAllTextAsync(jobs.OnTarget(job, "late"), "only here");
        var here = jobs.Folder();
        var said = new List<Fe2Report>();
        Assert.Equal(JobState.Lost, (await jobs.Control.ReceiveAsync(job, here, new Collected(said))).State);
        Assert.Equal("only here", await File.ReadAllTextAsync(Path.Combine(here, "late")));
        Assert.DoesNotContain(said, r => r is WarningReport);

        var fromMonitor = jobs.Folder();
        await jobs.Control.ReceiveAsync(job with { Target = jobs.Target with { IsRunning = false } }, fromMonitor, new Collected(said));
        Assert.True(File.Exists(Path.Combine(fromMonitor, "kept")));
        Assert.False(File.Exists(Path.Combine(fromMonitor, "late")));
        Assert.Contains("not all of them", Assert.Single(said.OfType<WarningReport>()).Message);
        await session.RunAsync($"read -r run _ < ~/.fe2/jobs/{job.Id}/run.pid; [ $run -gt 1 ] && pkill -KILL -s $run");
    }

    private sealed class Collected(List<Fe2Report> into) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value) => into.Add(value);
    }

    /// <summary>Whether a process runs: one that has ended may wait for its parent to notice.</summary>
    private static bool Lives(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
