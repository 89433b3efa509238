using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs that write numbered lines and go on where the lines end. Whatever happens to their machines, each line is on the monitor in
/// the end, once and in order, and nothing is left that costs money or lets somebody in.
/// </summary>
public abstract class CountedJobTests
{
    private const string Counter = """
        echo "machine $FE2_ATTEMPT ${FE2_RESUME-fresh} $KEPT $1" >> machines
        trap 'echo "asked on $FE2_ATTEMPT" >> saves' USR1
        #more
        touch lines; n=$(wc -l < lines)
        while [ $n -lt $LINES ]; do n=$((n + 1)); echo "line $n" >> lines; sleep 0.2 || echo $n >> killed-steps; done
        #end
        echo "the end"
        """;

    private protected CountedJobTests(HostedJobFixture cloud) => Cloud = cloud;

    private protected HostedJobFixture Cloud { get; }

    /// <summary>A job that runs, with its first lines on the monitor.</summary>
    /// <param name="machine">The name of its machine, and its own.</param>
    /// <param name="more">What the script does before its first line.</param>
    /// <param name="end">What it does after its last one.</param>
    private protected async Task<(Job Job, JobMachine Target)> BeginAsync(
        string machine, RecoveryOptions? options = null, string? name = null, JobMachine? target = null, int lines = 250,
        string more = "", string end = "", Func<JobRequest, JobRequest>? with = null)
    {
        target ??= await Cloud.LaunchAsync(machine, spot: true);
        var job = await StartAsync(target, Script(lines, more, end), options ?? new RecoveryOptions(), name ?? machine, OnExit.Terminate, with);
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "test -s lines && echo yes") == "yes\n", "the first lines are on the monitor", 60);
        return (job, target);
    }

    private protected static string Script(int lines, string more = "", string end = "") =>
        $"LINES={lines}\n{Counter.Replace("#more", more, StringComparison.Ordinal).Replace("#end", end, StringComparison.Ordinal)}";

    private protected async Task KillAsync(Job job)
    {
        await Until.TrueAsync(async () => (await OnMonitorAsync(job, "cat machines")).Contains($"machine {job.Attempt} ", StringComparison.Ordinal), "it has written", 60);
        await Cloud.FaultAsync(new { kind = "kill", instance = job.TargetId });
    }

    private protected async Task<Job> StartAsync(
        JobMachine target, string script, RecoveryOptions options, string name, OnExit onExit, Func<JobRequest, JobRequest>? with = null)
    {
        var facts = await new RecoveryPlan(Cloud.Session).OfAsync(target, options, InterruptSignal.USR1);
        var request = await Cloud.RequestAsync(script, target) with
        {
            Name = name,
            Recovery = facts,
            OnExit = onExit,
            Arguments = ["an argument"],
            Environment = new Dictionary<string, string> { ["KEPT"] = "it's" },
        };
        return await Cloud.Jobs.Runner.StartAsync(with?.Invoke(request) ?? request);
    }

    private protected Task<Job> FinishAsync(Job job, Action<Job>? moved = null) =>
        new JobRecovery(Cloud.Session, Cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(500), moved);

    /// <summary>Everything is there, and nothing is left over.</summary>
    /// <param name="machines">How many machines it took, where that is certain.</param>
    private protected async Task CompleteAsync(Job job, int? machines, int lines = 250)
    {
        Assert.True((job.State, job.ExitCode) == (JobState.Finished, 0), $"{job.State} {job.ExitCode}: {job.Note}");
        Assert.Equal(Lines(lines), (await OnMonitorAsync(job, "cat lines")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            Enumerable.Range(1, machines ?? job.Recovery!.Attempts.Count).Select(n => $"machine {n} {(n == 1 ? "fresh" : "1")} it's an argument"),
            (await OnMonitorAsync(job, "cat machines")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var ends = (await OnMonitorAsync(job, "cat .fe2/output.log")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(ends, line => Assert.Equal("the end", line));
        // A machine that goes between the script's last word and its own says it again on the next one.
        Assert.InRange(ends.Length, 1, machines is null ? job.Recovery!.Attempts.Count : 1);
        Assert.Equal(machines ?? job.Recovery!.Attempts.Count, job.Recovery!.Attempts.Count);
        await NothingIsLeftAsync(job);
    }

    /// <summary>No machine, disk or spot request of the job, and no key on its monitor.</summary>
    private protected async Task NothingIsLeftAsync(Job job)
    {
        Assert.DoesNotContain(job.Id, await Cloud.OnMonitorAsync("cat ~/.ssh/authorized_keys"));
        await Until.TrueAsync(async () => (await MachinesOfAsync(job)).All(i => i.State is "terminated" or "shutting-down"), "no machine is left", 150);
        var machines = (await MachinesOfAsync(job)).Select(m => m.Id).ToList();
        await Until.TrueAsync(async () =>
        {
            var volumes = await Cloud.Session.Ec2.DescribeVolumesAsync(new Amazon.EC2.Model.DescribeVolumesRequest { Filters = [InstanceQuery.Filter("status", ["available"])] });
            var requests = await Cloud.Session.Ec2.DescribeSpotInstanceRequestsAsync(new Amazon.EC2.Model.DescribeSpotInstanceRequestsRequest
            {
                Filters = [InstanceQuery.Filter("state", ["open", "active"])],
            });
            return volumes.Volumes.Count == 0 && !requests.SpotInstanceRequests.Any(r => r.InstanceId is null || machines.Contains(r.InstanceId));
        }, "no disk and no spot request is left", 60);
        var groups = await Cloud.Session.Ec2.DescribeSecurityGroupsAsync(new Amazon.EC2.Model.DescribeSecurityGroupsRequest());
        Assert.DoesNotContain(groups.SecurityGroups.SelectMany(g => g.IpPermissions).SelectMany(p => p.Ipv4Ranges), r => r.CidrIp == "0.0.0.0/0");
    }

    private protected static IEnumerable<string> Lines(int count) => Enumerable.Range(1, count).Select(n => $"line {n}");

    private protected Task<string> OnMonitorAsync(Job job, string command) => Cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");

    private protected async Task<string> OnTargetAsync(JobMachine target, string command)
    {
        await using var session = await Cloud.Connector.OpenAsync(target.Ssh);
        return (await session.RunAsync(command)).OutputText;
    }

    private protected async Task<IReadOnlyList<(string Id, string State)>> MachinesOfAsync(Job job)
    {
        var found = await new InstanceQuery(Cloud.Session).ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id])], default);
        return [.. found.Select(i => (i.InstanceId, InstanceFacts.StateOf(i)))];
    }

    /// <summary>EC2 takes a machine away after a warning of so many seconds.</summary>
    private protected Task InterruptAsync(string instance, int seconds) => Cloud.FaultAsync(new { kind = "interrupt", instance, seconds });

    private protected Task KillNowAsync(string instance) => Cloud.FaultAsync(new { kind = "kill", instance });

    /// <summary>Something that goes wrong for as long as the test goes on.</summary>
    private protected async Task DuringAsync(object[] faults, Func<Task> test)
    {
        try
        {
            foreach (var fault in faults)
                await Cloud.FaultAsync(fault);
            await test();
        }
        finally
        {
            await Cloud.ClearFaultsAsync();
        }
    }
}
