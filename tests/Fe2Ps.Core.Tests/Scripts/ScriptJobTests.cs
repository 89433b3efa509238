using System.Runtime.Versioning;
using System.Text;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Tests.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>The main job, whole, between two real sshds.</summary>
[SupportedOSPlatform("linux")]
public sealed class ScriptJobTests(JobFixture jobs) : IClassFixture<JobFixture>
{
    [JobFact]
    public async Task EveryResultIsOnTheMonitorByteForByteWhenTheJobIsFinished()
    {
        var extra = Path.Combine(jobs.Folder(), "settings 'one' 설정.txt");
        await File.WriteAllTextAsync(extra, "from here");
        var started = await jobs.Runner.StartAsync(jobs.Request("""
            echo starting >> "$FE2_DIR/myscript.log"
            cat settings*; echo; echo "to stderr" >&2
            mkdir -p "$FE2_DIR/out/deep er/한국어"
            for n in 1 2 3; do head -c 100000 /dev/urandom > "$FE2_DIR/out/deep er/한국어/result '$n' \$x.bin"; sleep 0.4; done
            printf 'a\n' > "$FE2_DIR/new
            line"
            touch -- "-rf" "*?[a]"
            ln -s out/deep\ er link
            echo done >> "$FE2_DIR/myscript.log"
            echo last line
            """) with { Files = [extra] });
        Assert.Equal(JobState.Running, started.State);
        Assert.StartsWith("spot2", started.Name);

        var job = await jobs.WaitAsync(started);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.NotNull(job.Started);
        Assert.NotNull(job.Ended);
        Assert.Equal("starting\ndone\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, "myscript.log")));
        Assert.Equal("from here\nto stderr\nlast line\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/output.log")));
        Assert.Equal("0\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/exit-code")));
        AssertResultsAreEqual(job);
        Assert.Equal(job.Name + "\n", await File.ReadAllTextAsync(Path.Combine(jobs.TargetHost.Home, "fastec2/current")));

        var keys = await File.ReadAllTextAsync(Path.Combine(jobs.MonitorHost.Home, ".ssh/authorized_keys"));
        Assert.DoesNotContain("fe2:", keys);
        Assert.Contains("login", keys);
        Assert.Equal(job.Name, jobs.Cloud.Tags[jobs.Target.Id]["fe2:job"]);
        Assert.Equal(jobs.Monitor.Id, jobs.Cloud.Tags[jobs.Target.Id]["fe2:monitor"]);

        // Any computer sees the same, the target alive or not.
        var listed = Assert.Single(await jobs.Catalogue.GetAsync(jobs.Machines), j => j.Id == job.Id);
        Assert.Equal((job.State, job.ExitCode, job.Ended), (listed.State, listed.ExitCode, listed.Ended));
        var afterwards = Assert.Single(await jobs.Catalogue.GetAsync([jobs.Target with { IsRunning = false }, jobs.Monitor]), j => j.Id == job.Id);
        Assert.Equal((job.State, job.ExitCode, job.Ended), (afterwards.State, afterwards.ExitCode, afterwards.Ended));
        Assert.Equal("spot2", afterwards.TargetName);

        var here = jobs.Folder();
        await jobs.Control.ReceiveAsync(afterwards, here);
        Assert.Equal("starting\ndone\n", await File.ReadAllTextAsync(Path.Combine(here, "myscript.log")));
    }

    [JobFact]
    public async Task ArgumentsAndEnvironmentArriveUnchangedAndSecretsStayPrivate()
    {
        string[] odd = ["", "two words", "it's", "\"$HOME\" `id`", "new\nline", "한국어", "-n", "\\"];
        var job = await jobs.Runner.StartAsync(jobs.Request("""
            printf '%s\0' "$@" > args
            printf '%s' "$SECRET" > secret-seen
            printf '%s' "$FE2_JOB" > job-seen
            """, "it's a \"script\" $x 스크립트.sh") with
        {
            Arguments = odd,
            Environment = new Dictionary<string, string> { ["SECRET"] = "pa'ss\n$sesame 비밀" },
            Name = "odd 'job' $x 작업",
        });
        job = await jobs.WaitAsync(job);
        Assert.Equal(0, job.ExitCode);
        Assert.Equal(string.Concat(odd.Select(a => a + "\0")), await File.ReadAllTextAsync(jobs.OnMonitor(job, "args")));
        Assert.Equal("pa'ss\n$sesame 비밀", await File.ReadAllTextAsync(jobs.OnMonitor(job, "secret-seen")));
        Assert.Equal("odd 'job' $x 작업", await File.ReadAllTextAsync(jobs.OnMonitor(job, "job-seen")));
        var facts = await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/job.json"));
        Assert.Contains("SECRET", facts);
        Assert.DoesNotContain("sesame", facts);
        Assert.DoesNotContain(jobs.Cloud.Tags.Values.SelectMany(t => t.Values), v => v.Contains("sesame"));
    }

    [JobFact]
    public async Task FollowShowsTheOutputLiveAndGoesOnAfterACut()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "follow-gate");
        var job = await jobs.Runner.StartAsync(jobs.Request($"""
            echo 첫 줄
            while ! [ -e '{gate}-1' ]; do sleep 0.05; done
            echo second >&2
            while ! [ -e '{gate}-2' ]; do sleep 0.05; done
            printf 'third, without end'
            exit 3
            """));
        var text = new MemoryStream();
        string Seen() => Encoding.UTF8.GetString(text.ToArray());
        var following = jobs.Control.FollowAsync(job, bytes => text.Write(bytes.Span));
        await Until.TrueAsync(() => Seen() == "첫 줄\n", "the first line");
        jobs.TargetHost.CutConnections();
        await File.WriteAllTextAsync(gate + "-1", "");
        await Until.TrueAsync(() => Seen() == "첫 줄\nsecond\n", "the second line, after the cut");
        Assert.False(following.IsCompleted);
        await File.WriteAllTextAsync(gate + "-2", "");
        var length = await following;
        Assert.Equal(text.Length, length);
        Assert.Equal("첫 줄\nsecond\nthird, without end", Seen());
        Assert.Equal(3, (await jobs.WaitAsync(job)).ExitCode);
    }

    [JobFact]
    public async Task StoppingAScriptKeepsWhatItWrote()
    {
        var job = await jobs.Runner.StartAsync(jobs.Request("echo before > kept; echo up; sleep 600; echo never > never"));
        await Until.TrueAsync(() => File.Exists(jobs.OnTarget(job, "kept")), "the script has written");
        var stopped = await jobs.Control.StopAsync(job);
        Assert.True(stopped.IsStopped);
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 143, true), (job.State, job.ExitCode, job.IsStopped));
        Assert.Equal("before\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, "kept")));
        Assert.False(File.Exists(jobs.OnTarget(job, "never")));
    }

    [JobFact]
    public async Task AKilledScriptHasTheExitCodeOfItsSignal()
    {
        var job = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("echo x > kept; kill -KILL $$")));
        Assert.Equal((JobState.Finished, 137), (job.State, job.ExitCode));
        Assert.True(File.Exists(jobs.OnMonitor(job, "kept")));
    }

    [JobFact]
    public async Task EndingTheTmuxSessionEndsTheScriptAndNothingIsLost()
    {
        var job = await jobs.Runner.StartAsync(jobs.Request("echo x > kept; sleep 600"));
        await Until.TrueAsync(() => File.Exists(jobs.OnTarget(job, "kept")), "the script has written");
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        Assert.Equal(0, (await session.RunAsync(Fe2Ps.Core.Ssh.ShellQuote.Join("tmux", "kill-session", "-t", "=" + job.Session))).ExitCode);
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Finished, 129), (job.State, job.ExitCode));
        Assert.True(File.Exists(jobs.OnMonitor(job, "kept")));
    }

    [JobFact]
    public async Task AKilledWrapperIsLostNotRunningForever()
    {
        var job = await jobs.Runner.StartAsync(jobs.Request("echo x > kept; sleep 600"));
        await Until.TrueAsync(() => File.Exists(jobs.OnTarget(job, "kept")), "the script has written");
        await using var session = await jobs.Connector.OpenAsync(jobs.Target.Ssh);
        await session.RunAsync($"read -r pid born < ~/.fe2/jobs/{job.Id}/run.pid && kill -KILL $pid");
        job = await jobs.WaitAsync(job);
        Assert.Equal((JobState.Lost, (int?)null), (job.State, job.ExitCode));
        Assert.True(File.Exists(jobs.OnMonitor(job, "kept")));
    }

    [JobFact]
    public async Task TwoJobsOnOneMachineHaveTheirOwnFoldersAndSessions()
    {
        var gate = Path.Combine(jobs.TargetHost.Home, "two-gate");
        var text = $"echo $FE2_JOB > who; while ! [ -e '{gate}' ]; do sleep 0.05; done";
        var pair = await Task.WhenAll(jobs.Runner.StartAsync(jobs.Request(text)), jobs.Runner.StartAsync(jobs.Request(text)));
        Assert.NotEqual(pair[0].Name, pair[1].Name);
        Assert.NotEqual(pair[0].Session, pair[1].Session);
        var running = await jobs.Catalogue.GetAsync(jobs.Machines);
        Assert.All(pair, job => Assert.Equal(JobState.Running, running.Single(r => r.Id == job.Id).State));
        await File.WriteAllTextAsync(gate, "");
        foreach (var job in pair)
        {
            Assert.Equal(0, (await jobs.WaitAsync(job)).ExitCode);
            Assert.Equal(job.Name + "\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, "who")));
        }

        var taken = await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(jobs.Request("true") with { Name = pair[0].Name }));
        Assert.Equal("JobExists", taken.Id);
    }

    [JobFact]
    public async Task FilesThatWaitOnTheMonitorBecomePartOfTheJob()
    {
        var folder = Directory.CreateDirectory(Path.Combine(jobs.MonitorHost.Home, "fastec2/prepared")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "data"), "put there beforehand");
        var job = await jobs.WaitAsync(await jobs.Runner.StartAsync(jobs.Request("cp data copy") with { Name = "prepared" }));
        Assert.Equal(0, job.ExitCode);
        Assert.Equal("put there beforehand", await File.ReadAllTextAsync(jobs.OnMonitor(job, "copy")));
    }

    [JobFact]
    public async Task TheMachineEndsItselfOnlyAfterTheLastLineIsOnTheMonitor()
    {
        var called = Path.Combine(jobs.TargetHost.Home, "shutdown-called");
        File.Delete(called);
        var job = await jobs.Runner.StartAsync(jobs.Request("echo the last line") with { OnExit = OnExit.Terminate });
        Assert.Equal(OnExit.Terminate, jobs.Cloud.Behavior[jobs.Target.Id]);
        job = await jobs.WaitAsync(job);
        Assert.Equal("the last line\n", await File.ReadAllTextAsync(jobs.OnMonitor(job, ".fe2/output.log")));
        await Until.TrueAsync(() => File.Exists(called), "the machine is shut down");
        Assert.Equal("-h now\n", await File.ReadAllTextAsync(called));
        File.Delete(called);
    }

    [JobFact]
    public async Task WithoutAMonitorTheMachineEndsItselfAfterTheResultsWereReceived()
    {
        var called = Path.Combine(jobs.TargetHost.Home, "shutdown-called");
        var request = jobs.Request("echo result > result") with { Monitor = null, OnExit = OnExit.Stop };
        Assert.Equal("OnExitNeedsMonitor", (await Assert.ThrowsAsync<Fe2Exception>(() => jobs.Runner.StartAsync(request))).Id);

        var job = await jobs.Runner.StartAsync(request with { ReceivesAtEnd = true });
        await jobs.Control.FollowAsync(job, _ => { });
        Assert.False(File.Exists(called));
        var here = jobs.Folder();
        job = await jobs.Control.ReceiveAsync(job, here);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("result\n", await File.ReadAllTextAsync(Path.Combine(here, "result")));
        await Until.TrueAsync(() => File.Exists(called), "the machine is shut down");
        File.Delete(called);
    }

    [JobFact]
    public async Task ManySmallFilesAndABigOneArriveWhole()
    {
        var job = await jobs.Runner.StartAsync(jobs.Request("""
            mkdir many; cd many
            for a in $(seq 50); do mkdir $a; for b in $(seq 100); do echo $a $b > $a/$b; done; done
            cd ..; head -c 200000000 /dev/urandom > big
            echo end
            """));
        job = await jobs.WaitAsync(job, 120);
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal(5000, Directory.EnumerateFiles(jobs.OnMonitor(job, "many"), "*", SearchOption.AllDirectories).Count());
        AssertResultsAreEqual(job);
        Directory.Delete(jobs.OnTarget(job), recursive: true);
        Directory.Delete(jobs.OnMonitor(job), recursive: true);
    }

    private void AssertResultsAreEqual(Job job)
    {
        // What a job writes about itself at the very end differs; results may not.
        Assert.Equal("", SshdHost.Tool(
            "rsync", "-rlnic", "--exclude=/.fe2/state", "--exclude=/.fe2/sync.log", jobs.OnTarget(job) + "/", jobs.OnMonitor(job) + "/"));
    }
}
