using System.Globalization;
using System.Text;
using System.Text.Json;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>Starts jobs: the six steps of the main job, from the script on this computer to the tmux session on the target.</summary>
public sealed class ScriptRunner(ISshConnector ssh, IJobCloud cloud, TimeProvider? time = null)
{
    private const int NameTaken = 17;
    private const int OtherEnd = 19;
    private const int MostNames = 1000;

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Starts a script and returns as soon as it runs.</summary>
    /// <exception cref="Fe2Exception">
    /// Bad input: <c>ScriptNotFound</c>, <c>FileNotFound</c>, <c>FileNameTwice</c>, <c>FileNameReserved</c>, <c>JobNameInvalid</c>,
    /// <c>EnvironmentNameInvalid</c>, <c>MonitorIsTarget</c>, <c>OnExitNeedsMonitor</c>, <c>InstanceNotRunning</c>, <c>JobExists</c>.
    /// The machines: <c>ProgramMissing</c>, <c>SudoNeeded</c>, <c>MonitorUnreachable</c>, <c>OnExitConflicts</c>, <c>InstanceCannotStop</c>,
    /// <c>InstanceComesBack</c>,
    /// <c>ScriptStartFailed</c>, <c>ScriptStartUnknown</c>, and those of ssh.
    /// A job that could not be started leaves nothing behind; only where the machine cannot be asked whether it started is everything left as it is.
    /// </exception>
    public async Task<Job> StartAsync(JobRequest request, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        JobRequestCheck.Check(request, report);
        if (request.OnExit == OnExit.Stop && await cloud.IsOneTimeSpotAsync(request.Target.Id, cancellationToken).ConfigureAwait(false))
            throw JobErrors.CannotStop(request.Target);
        if (request.OnExit == OnExit.Terminate && await cloud.RelaunchingRequestAsync(request.Target.Id, cancellationToken).ConfigureAwait(false) is { } spot)
            throw JobErrors.ComesBack(request.Target, spot);
        var script = Path.GetFileName(request.ScriptPath);
        var activity = $"Starting {script} on {request.Target.Name}";
        Say("preparing the machines", 5);
        await using var target = await JobHost.OpenAsync(ssh, request.Target, cancellationToken).ConfigureAwait(false);
        await using var monitor = request.Monitor is null ? null
            : await JobHost.OpenAsync(ssh, request.Monitor, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(
            target.PrepareAsync(monitor is null ? ["tmux", "rsync"] : ["tmux", "rsync", "lsyncd"], report, cancellationToken),
            monitor?.PrepareAsync(["rsync"], report, cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
        if (request.Recovery?.Options.CheckpointEvery is not null && await target.WhyNoCheckpointAsync(report, cancellationToken).ConfigureAwait(false) is { } why)
        {
            report?.Report(new WarningReport($"-Checkpoint: {target.Machine.Name} cannot keep the memory of programs: {why}. On another machine the script is started again instead."));
            request = request with { Recovery = request.Recovery with { Options = request.Recovery.Options with { CheckpointEvery = null } } };
        }

        if (request.OnExit != OnExit.None && !target.HasSudo)
            throw JobErrors.NoSudo(request.Target);

        var hosts = monitor is null ? [target] : new[] { monitor, target };
        var id = JobName.NewId(request.Name ?? JobName.FromInstance(request.Target));
        var retreat = new JobRetreat(target, monitor, cloud, id);
        JobFacts? facts = null;
        try
        {
            var name = await ClaimAsync(request, hosts, id, cancellationToken).ConfigureAwait(false);
            facts = new JobFacts(
                id, name, script, request.Arguments, [.. request.Environment.Keys.Order(StringComparer.Ordinal)], request.OnExit,
                request.Target.Id, request.Target.Name, request.Monitor?.Id, request.Monitor?.Name, _time.GetUtcNow());
            Say("sending the files", 25);
            await SendAsync(request, facts, hosts[0], report, cancellationToken).ConfigureAwait(false);
            if (monitor is not null)
            {
                Say($"linking {request.Target.Name} with {monitor.Machine.Name}", 55);
                await new JobLink(target, monitor, ssh).EstablishAsync(id, cancellationToken).ConfigureAwait(false);
            }

            if (monitor is not null && request.Recovery is { } recovery)
                await RecoveryStore.WriteAsync(monitor, id, recovery, EnvironmentText(request, id), cancellationToken).ConfigureAwait(false);

            Say("starting", 80);
            await TagAsync(request, name, retreat, cancellationToken).ConfigureAwait(false);
            retreat.MayRun = true;
            if (request.Recovery is not null)
                await target.GoOnAtBootAsync(report, cancellationToken).ConfigureAwait(false);
            var session = await target.CallAsync(
                "start", StartArguments(id, script, request.Target, request.InterruptSignal, 1, request.Recovery?.Options), "Starting the script", EnvironmentText(request, id), cancellationToken).ConfigureAwait(false);
            return Started(facts, session.OutputText);
        }
        catch (Exception failure)
        {
            Say("taking back what was made", 90);
            // The line may have been cut, or Ctrl+C pressed, after the script had started: then it runs, and is the caller's.
            if (await retreat.TakeBackAsync(failure, report).ConfigureAwait(false) is { } session)
                return Started(facts!, session);
            throw;
        }

        Job Started(JobFacts facts, string session)
        {
            report?.Report(new VerboseReport($"Job {id} runs in tmux session '{session.Trim()}' on {request.Target.Name}."));
            return JobReport.FromFacts(facts, request.Target, request.Monitor) with
            {
                Recovery = request.Recovery,
                State = JobState.Running,
                Started = _time.GetUtcNow(),
                Session = session.TrimEnd('\n'),
            };
        }

        void Say(string status, int percent) => report?.Report(new ProgressReport(activity, status, percent));
    }

    /// <summary>What the remote script <c>start</c> is called with.</summary>
    internal static string[] StartArguments(string id, string script, JobMachine target, InterruptSignal signal, int attempt, RecoveryOptions? recovery = null) =>
        [
            id, script, target.IsSpot ? "spot" : "lasting", signal.ToString(), attempt.ToString(CultureInfo.InvariantCulture),
            .. recovery is null ? Array.Empty<string>()
                : [recovery.MaxRestarts.ToString(CultureInfo.InvariantCulture), .. RestartWords(recovery)],
        ];

    /// <summary>How else the job goes on, as <c>start</c> has it.</summary>
    internal static IEnumerable<string> RestartWords(RecoveryOptions recovery)
    {
        if (recovery.RestartOnError)
            yield return "error";
        if (recovery.CheckpointEvery is { } every)
            yield return $"checkpoint={Math.Max(1, (int)every.TotalSeconds).ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Takes the job's folder on every machine, under the first name that is free on all of them.</summary>
    private static async Task<string> ClaimAsync(JobRequest request, JobHost[] hosts, string id, CancellationToken cancellationToken)
    {
        var wanted = request.Name ?? JobName.FromInstance(request.Target);
        for (var number = 1; ; number++)
        {
            var name = number == 1 ? wanted : $"{wanted}-{number}";
            JobHost? taken = null;
            foreach (var host in hosts)
            {
                var onExit = host.Machine.Id == request.Target.Id ? request.OnExit : OnExit.None;
                var result = await host.TryCallAsync("claim", [id, name, onExit.ToString()], null, cancellationToken).ConfigureAwait(false);
                if (result.ExitCode == OtherEnd)
                    throw JobErrors.OnExitConflicts(request.OnExit, request.Target, result.ErrorText.Trim());
                if (result.ExitCode is not (0 or NameTaken))
                    throw JobErrors.StepFailed(host.Machine, "Making the job's folder", result);
                taken = result.ExitCode == NameTaken ? host : null;
                if (taken is not null)
                    break;
            }

            if (taken is null)
                return name;
            foreach (var host in hosts.TakeWhile(host => host != taken))
                await host.TryCallAsync("abandon", [id], null, cancellationToken).ConfigureAwait(false);
            if (request.Name is not null || number == MostNames)
                throw JobErrors.JobExists(name, taken.Machine);
        }
    }

    /// <summary>The script, the files and the facts go to the first host: the monitor, or the target where there is none.</summary>
    private static async Task SendAsync(
        JobRequest request, JobFacts facts, JobHost host, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var folder = "fastec2/" + facts.Name;
        await host.Session.SendAsync([request.ScriptPath, .. request.Files], folder, report, cancellationToken).ConfigureAwait(false);
        var json = JsonSerializer.SerializeToUtf8Bytes(facts, JobFactsContext.Default.JobFacts);
        var result = await host.Session.RunAsync(
            $"cat > {ShellQuote.Home(folder + "/.fe2/job.json")}", new MemoryStream(json), cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw JobErrors.StepFailed(host.Machine, "Writing the job's facts", result);
    }

    private async Task TagAsync(JobRequest request, string name, JobRetreat retreat, CancellationToken cancellationToken)
    {
        var tags = new Dictionary<string, string> { ["fe2:job"] = name, ["fe2:role"] = "target" };
        if (request.Monitor is { } monitor)
        {
            tags["fe2:monitor"] = monitor.Id;
            if (request.Recovery is not null)
                (tags[TagNames.JobId], tags[TagNames.Attempt]) = (retreat.Id, "1");
            await cloud.TagAsync(monitor.Id, new Dictionary<string, string> { ["fe2:role"] = "monitor" }, cancellationToken).ConfigureAwait(false);
        }

        await cloud.TagAsync(request.Target.Id, tags, cancellationToken).ConfigureAwait(false);
        if (request.HeldVolumes.Count > 0)
        {
            retreat.HeldVolumes = request.HeldVolumes;
            await cloud.HoldVolumesAsync(request.HeldVolumes, retreat.Id, name, cancellationToken).ConfigureAwait(false);
        }

        if (request.OnExit == OnExit.None)
            return;
        var former = await cloud.ShutdownBehaviorAsync(request.Target.Id, cancellationToken).ConfigureAwait(false);
        if (former == request.OnExit)
            return;
        retreat.FormerShutdown = former;
        await cloud.SetShutdownBehaviorAsync(request.Target.Id, request.OnExit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Environment and arguments as shell text: the one form in which any value survives.</summary>
    private static MemoryStream EnvironmentText(JobRequest request, string id)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in request.Environment)
            text.Append("export ").Append(name).Append('=').Append(ShellQuote.Quote(value)).Append('\n');
        text.Append("set -- ").Append(ShellQuote.Join(request.Arguments)).Append('\n');
        text.Append("# end of ").Append(id).Append('\n');
        return new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
