using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs whose machines are taken away while no computer waits for them: the monitor alone brings them to their end. Each ends with every
/// line on the monitor, once and in order, and nothing left over.
/// </summary>
public abstract class SupervisedJobTests
{
    /// <summary>Goes on where the lines that are there end, and ends on the last machine of the test only: no test depends on how long a launch takes.</summary>
    private protected const string Counter = """
        echo "machine $FE2_ATTEMPT ${FE2_RESUME-fresh} $KEPT $1" >> machines
        trap : USR1
        touch lines; n=$(wc -l < lines)
        while [ $n -lt $LINES ] || [ $FE2_ATTEMPT -lt $MACHINES ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.2; done
        echo "the end"
        """;

    private JobMachine? _monitor;

    private protected SupervisedJobTests(HostedJobFixture cloud, ITestOutputHelper output) => (Cloud, Output) = (cloud, output);

    private protected HostedJobFixture Cloud { get; }

    private protected ITestOutputHelper Output { get; }

    private protected async Task<Job> BeginAsync(string machine, int machines, RecoveryOptions? options = null, int silence = 75)
    {
        var target = await Cloud.LaunchAsync(machine, spot: true);
        var job = await StartAsync(target, $"LINES=40 MACHINES={machines}\n{Counter}", options ?? new RecoveryOptions(), machine, OnExit.Terminate, silence);
        await Until.TrueAsync(async () => await LinesAsync(job) > 0, "the first lines are on the monitor", 60);
        return job;
    }

    private protected async Task<Job> StartAsync(JobMachine target, string script, RecoveryOptions options, string name, OnExit onExit, int? silence)
    {
        var facts = await new RecoveryPlan(Cloud.Session).OfAsync(target, options, InterruptSignal.USR1);
        var job = await Cloud.Jobs.Runner.StartAsync(await Cloud.RequestAsync(script, target) with
        {
            Name = name,
            Recovery = facts,
            OnExit = onExit,
            Arguments = ["an argument"],
            Environment = new Dictionary<string, string> { ["KEPT"] = "it's" },
        });
        if (silence is { } seconds)
        {
            var reports = new List<Fe2Report>();
            Assert.True(await TheSupervisor(seconds).StartAsync(job, new Heard(reports)), string.Join('\n', reports.OfType<WarningReport>().Select(r => r.Message)));
        }

        return job;
    }

    private protected Supervisor TheSupervisor(int silence) => new(Cloud.Session, Cloud.Jobs)
    {
        Silence = TimeSpan.FromSeconds(silence),
        BetweenTries = TimeSpan.FromSeconds(1),
        RolePatience = TimeSpan.FromSeconds(5),
    };

    private protected async Task<Job> EndAsync(Job job)
    {
        await OverAsync(job);
        return await FoundAsync(job);
    }

    /// <summary>Only looks: no computer waits.</summary>
    private protected async Task OverAsync(Job job, string state = "finished")
    {
        try
        {
            await Until.TrueAsync(
                async () => (await ThereAsync($"ls .fe2/jobs/{job.Id}/plan 2>/dev/null; head -n 1 {ShellQuote.Home(job.Folder + "/.fe2/state")}")) == state + "\n",
                $"the job is {state}, and the supervisor gone", 240);
        }
        finally
        {
            Output.WriteLine(await ThereAsync($"cat .fe2/jobs/{job.Id}/supervise.log .fe2/jobs/{job.Id}/attempts"));
        }
    }

    private protected async Task<Job> FoundAsync(Job job) => Assert.Single(await Cloud.Jobs.ListAsync(), j => j.Id == job.Id);

    private protected async Task<int> LinesAsync(Job job) => int.Parse(await OnMonitorAsync(job, "cat lines 2>/dev/null | wc -l"), System.Globalization.CultureInfo.InvariantCulture);

    private protected async Task CompleteAsync(Job job, int machines)
    {
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        var lines = (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, Math.Max(40, lines.Length)).Select(n => $"line {n}"), lines);
        Assert.Equal(
            Enumerable.Range(1, machines).Select(n => $"machine {n} {(n == 1 ? "fresh" : "1")} it's an argument"),
            (await OnMonitorAsync(job, "cat machines")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("the end\n", await OnMonitorAsync(job, "cat .fe2/output.log"));
        Assert.Equal(machines, job.Recovery!.Attempts.Count);
        await NothingIsLeftAsync(job);
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);
    }

    private protected async Task NothingIsLeftAsync(Job job)
    {
        Assert.DoesNotContain(job.Id, await ThereAsync("cat ~/.ssh/authorized_keys"));
        await NoSupervisorIsLeftAsync(job);
    }

    private protected async Task NoSupervisorIsLeftAsync(Job job) =>
        await Until.TrueAsync(
            async () => await ThereAsync($"cd .fe2/jobs/{job.Id} && ls | grep -E '^(plan|refused|machines|cloud|s-|clock|supervise.(key|line|pid))'; pgrep -f 'supervise[^ ]* {job.Id}'") == "",
            "the supervisor has left nothing", 30);

    /// <summary>On the monitor, without a call to EC2.</summary>
    private protected async Task<string> ThereAsync(string command)
    {
        _monitor ??= await Cloud.Jobs.MachineAsync("od1");
        await using var session = await Cloud.Connector.OpenAsync(_monitor.Ssh);
        return (await session.RunAsync(command)).OutputText;
    }

    private protected Task<string> OnMonitorAsync(Job job, string command) => ThereAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");

    private protected async Task<IReadOnlyList<(string Id, string State)>> MachinesOfAsync(Job job)
    {
        var found = await new InstanceQuery(Cloud.Session).ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id])], default);
        return [.. found.Select(i => (i.InstanceId, InstanceFacts.StateOf(i)))];
    }

    /// <summary>The states of an instance's spot requests.</summary>
    private protected async Task<IReadOnlyList<string>> RequestsOfAsync(string id)
    {
        var found = await Cloud.Session.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [new Filter("instance-id", [id])] });
        return [.. found.SpotInstanceRequests.Select(r => r.State.Value)];
    }

    private protected sealed class Heard(List<Fe2Report> reports) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value)
        {
            lock (reports)
                reports.Add(value);
        }
    }
}
