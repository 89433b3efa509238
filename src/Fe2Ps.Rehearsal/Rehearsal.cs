using System.Text.Json;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Network;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Rehearsal;

/// <summary>The main job from the first machine to the last cent, on a sandbox of its own.</summary>
internal sealed class Rehearsal(RehearsalOptions options, string sandboxProgram, string folder, TextWriter output)
{
    private const string MonitorType = "t3.micro";
    private const string SpotType = "m5.large";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Timeline timeline = new(TimeProvider.System, output);
    private readonly Dictionary<string, TimeSpan> launchedAt = [];

    private Instance? replacement;

    private string Disks => Path.Combine(folder, "disks");

    private Report Report => new(timeline);

    /// <returns>0 when everything arrived and the script succeeded; 1 otherwise.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var sandboxOptions = new SandboxOptions(sandboxProgram)
        {
            Speed = options.IsQuick ? SandboxSpeed.Fast : SandboxSpeed.Realistic,
            KeepDisks = Disks,
        };
        await using var sandbox = await timeline.StepAsync(
            "start a local EC2", () => SandboxProcess.StartAsync(sandboxOptions, Report, cancel)).ConfigureAwait(false);
        await RequireContainersAsync(sandbox, cancel).ConfigureAwait(false);
        var session = await OpenAsync(sandbox, cancel).ConfigureAwait(false);
        await using var ssh = new SshConnector(new SshOptions { Folder = session.Folder.Path });

        var od1 = await LaunchAsync(session, ssh, new LaunchRequest { Name = "od1", InstanceType = MonitorType }, cancel).ConfigureAwait(false);
        var spot2 = await LaunchAsync(session, ssh, new LaunchRequest { Name = "spot2", InstanceType = SpotType, Spot = true }, cancel).ConfigureAwait(false);

        var (job, results) = await RunJobAsync(session, ssh, sandbox, cancel).ConfigureAwait(false);
        if (job.Recovery is { Attempts.Count: > 1 } facts) spot2 = Moved(facts, spot2);
        var isComplete = await timeline.StepAsync("compare the results with the disk of spot2", () => Task.FromResult(Compare(spot2, results))).ConfigureAwait(false);
        var bill = await BillAsync(session, od1, spot2, cancel).ConfigureAwait(false);
        await timeline.StepAsync("remove everything", () => RemoveAsync(session, od1, cancel)).ConfigureAwait(false);
        await timeline.StepAsync("end the local EC2", () => sandbox.StopAsync(cancel)).ConfigureAwait(false);

        timeline.Print();
        bill.Print(output);
        output.WriteLine();
        if (options.Keep is not null) output.WriteLine($"The results are in {results}.");
        if (job.ExitCode != 0) output.WriteLine($"{job.Script} ended with {job.ExitCode?.ToString() ?? "an unknown code"}.");
        output.WriteLine(isComplete ? "Every byte that spot2 wrote was on od1. Nothing is left." : "NOT everything that spot2 wrote was on od1.");
        return isComplete && job.ExitCode == 0 ? 0 : 1;
    }

    private static async Task RequireContainersAsync(SandboxProcess sandbox, CancellationToken cancel)
    {
        using var client = new HttpClient();
        using var state = JsonDocument.Parse(await client.GetStringAsync($"{sandbox.EndpointUrl}/_sandbox/state", cancel).ConfigureAwait(false));
        if (state.RootElement.GetProperty("hosts").GetString() == "container") return;
        throw new Fe2Exception(
            "NoContainers", Fe2ErrorKind.NotInstalled, "The rehearsal needs container hosts, which this machine does not allow.",
            "Run it as root (or with sudo) on a Linux machine that permits namespaces; the lines above say what is missing.");
    }

    private async Task<Fe2Session> OpenAsync(SandboxProcess sandbox, CancellationToken cancel)
    {
        // The rehearsal has a home of its own: nothing of the user's is read or changed.
        var home = Path.Combine(folder, "home");
        Directory.CreateDirectory(home);
        foreach (var (name, value) in sandbox.Environment) Environment.SetEnvironmentVariable(name, value);
        Environment.SetEnvironmentVariable("FE2_HOME", Path.Combine(home, "fe2"));
        var environment = new Fe2Environment(Environment.GetEnvironmentVariable, home, TimeProvider.System);
        return await Fe2Session.OpenAsync(new SessionOptions("Ohio", null, sandbox.EndpointUrl), environment, cancel).ConfigureAwait(false);
    }

    private async Task<Instance> LaunchAsync(Fe2Session session, SshConnector ssh, LaunchRequest request, CancellationToken cancel)
    {
        launchedAt[request.Name] = timeline.Elapsed;
        var what = $"launch {request.Name} ({request.InstanceType}{(request.Spot ? ", spot" : "")})";
        var instance = (await timeline.StepAsync(
            what, () => new InstanceLauncher(session, ssh).LaunchAsync(request, Report, cancel)).ConfigureAwait(false))[0];
        timeline.Say($"{InstanceFacts.Label(instance)} {InstanceFacts.StateOf(instance)}: {InstanceFacts.AddressOf(instance)}");
        return instance;
    }

    private async Task<(Job Job, string Results)> RunJobAsync(Fe2Session session, SshConnector ssh, SandboxProcess sandbox, CancellationToken cancel)
    {
        var jobs = new CloudJobs(session, ssh);
        var script = Path.GetFileName(options.Script);
        var target = await jobs.MachineAsync("spot2", cancel).ConfigureAwait(false);
        var request = new JobRequest(options.Script, target)
        {
            Monitor = await jobs.MachineAsync("od1", cancel).ConfigureAwait(false),
            OnExit = OnExit.Terminate,
            Recovery = options.InterruptAfter is null ? null
                : await new RecoveryPlan(session).OfAsync(target, new RecoveryOptions(), InterruptSignal.USR1, cancel).ConfigureAwait(false),
        };
        var job = await timeline.StepAsync($"start {script} on spot2", () => jobs.Runner.StartAsync(request, Report, cancel)).ConfigureAwait(false);
        var shown = new Output(timeline, "spot2");
        if (options.InterruptAfter is { } after)
        {
            var interruption = new Interruption(sandbox, jobs, timeline);
            job = await timeline.StepAsync(
                "follow its output to the end, on two machines",
                () => interruption.RunAsync(session, job, after, shown.Take, Report, cancel)).ConfigureAwait(false);
            if (job.TargetId != target.Id) replacement = interruption.Replacement;
        }
        else
        {
            await timeline.StepAsync("follow its output", () => jobs.Control.FollowAsync(job, shown.Take, report: Report, cancellationToken: cancel)).ConfigureAwait(false);
        }

        shown.End();
        job = await timeline.StepAsync("wait until every result is on od1", () => jobs.Control.WaitAsync(job, Patience, Report, cancel)).ConfigureAwait(false);
        await timeline.StepAsync("spot2 terminates itself", () => TerminatedAsync(session, job.TargetId, cancel)).ConfigureAwait(false);

        var results = options.Keep ?? Path.Combine(folder, "results");
        await timeline.StepAsync("receive the results from od1", () => jobs.Control.ReceiveAsync(job, results, Report, cancel)).ConfigureAwait(false);
        return (job, results);
    }

    /// <summary>What is compared and billed in the end is the machine that the script ended on.</summary>
    private Instance Moved(RecoveryFacts facts, Instance first)
    {
        timeline.Say($"{facts.Attempts.Count} machines, {facts.TimeLost.TotalSeconds:0.0} s without the script running");
        return replacement ?? first;
    }

    private async Task TerminatedAsync(Fe2Session session, string id, CancellationToken cancel)
    {
        var instance = await new InstanceQuery(session).GetAsync(id, cancel).ConfigureAwait(false);
        var waited = await new InstanceWaiter(session).WaitAsync([instance], "terminated", Patience, Report, cancel).ConfigureAwait(false);
        if (waited.Problems.Count > 0) throw waited.Problems[0];
        launchedAt["spot2"] = timeline.Elapsed - launchedAt["spot2"];
    }

    private bool Compare(Instance target, string results)
    {
        var volume = target.BlockDeviceMappings[0].Ebs.VolumeId;
        var written = Path.Combine(Disks, volume, "home", "ubuntu", "fastec2", "spot2");
        if (!Directory.Exists(written))
        {
            timeline.Say($"the disk {volume} of spot2 was not kept: its hosts were no containers, so there is nothing to compare with");
            return false;
        }

        var (files, bytes, differences) = Evidence.Compare(written, results);
        foreach (var difference in differences) timeline.Say(difference);
        timeline.Say($"{files} files, {bytes} bytes are equal; {differences.Count} are not");
        return files > 0 && differences.Count == 0;
    }

    private async Task<Bill> BillAsync(Fe2Session session, Instance od1, Instance spot2, CancellationToken cancel)
    {
        var demand = await new PriceList(session).OnDemandAsync(new PriceRequest { Patterns = [MonitorType] }, null, cancel).ConfigureAwait(false);
        var spot = await new SpotNow(session).ByZoneAsync(SpotType, cancel).ConfigureAwait(false);
        var bill = new Bill();
        bill.Machine("od1", MonitorType, (double)demand.Prices.First(p => p.InstanceType == MonitorType).UsdPerHour, "on-demand",
            await DiskAsync(session, od1, cancel).ConfigureAwait(false), timeline.Elapsed - launchedAt["od1"]);
        bill.Machine("spot2", SpotType, (double)spot[spot2.Placement.AvailabilityZone], "spot", DefaultDiskGiB, launchedAt["spot2"]);
        return bill;
    }

    /// <summary>The size of Canonical's images; the disk of spot2 is gone by the time of the bill.</summary>
    private const int DefaultDiskGiB = 8;

    private static async Task<int> DiskAsync(Fe2Session session, Instance instance, CancellationToken cancel)
    {
        var answer = await session.Ec2.DescribeVolumesAsync(
            new DescribeVolumesRequest { VolumeIds = [instance.BlockDeviceMappings[0].Ebs.VolumeId] }, cancel).ConfigureAwait(false);
        return answer.Volumes[0].Size ?? DefaultDiskGiB;
    }

    private async Task RemoveAsync(Fe2Session session, Instance od1, CancellationToken cancel)
    {
        await new InstanceActions(session).RemoveAsync([od1], cancel).ConfigureAwait(false);
        await new InstanceWaiter(session).WaitAsync([od1], "terminated", Patience, Report, cancel).ConfigureAwait(false);
        var groups = await session.Ec2.DescribeSecurityGroupsAsync(
            new DescribeSecurityGroupsRequest { Filters = [new Filter("group-name", [SshAccess.GroupName])] }, cancel).ConfigureAwait(false);
        foreach (var group in groups.SecurityGroups)
            await session.Ec2.DeleteSecurityGroupAsync(new DeleteSecurityGroupRequest { GroupId = group.GroupId }, cancel).ConfigureAwait(false);
        await session.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = od1.KeyName }, cancel).ConfigureAwait(false);
        foreach (var left in await LeftAsync(session, cancel).ConfigureAwait(false)) timeline.Say($"left: {left}");
    }

    private static async Task<IReadOnlyList<string>> LeftAsync(Fe2Session session, CancellationToken cancel)
    {
        var instances = await new InstanceQuery(session).ListAsync(new InstanceSelector(), cancel).ConfigureAwait(false);
        var volumes = await session.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest(), cancel).ConfigureAwait(false);
        var requests = await session.Ec2.DescribeSpotInstanceRequestsAsync(
            new DescribeSpotInstanceRequestsRequest { Filters = [new Filter("state", ["open", "active"])] }, cancel).ConfigureAwait(false);
        return [
            .. instances.Instances.Select(InstanceFacts.Label),
            .. volumes.Volumes.Select(volume => volume.VolumeId),
            .. requests.SpotInstanceRequests.Select(request => request.SpotInstanceRequestId)];
    }
}
