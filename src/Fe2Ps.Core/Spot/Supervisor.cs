using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// Gives a job a supervisor: a shell script on its monitor that replaces the job's machine when EC2 takes it away, with nobody's computer on.
/// It acts by an instance profile (<see cref="SupervisorRole"/>), carries out a ready-made plan (<see cref="SupervisorPlan"/>), and shares the
/// work with computers that wait (<see cref="JobRecovery"/>): whoever has the lease does it. While nothing happens it calls nobody.
/// </summary>
public sealed class Supervisor(Fe2Session session, CloudJobs jobs)
{
    /// <summary>How long a role that was just given may be without effect.</summary>
    internal TimeSpan RolePatience { get; init; } = TimeSpan.FromSeconds(90);

    internal TimeSpan? Silence { get; init; }

    internal TimeSpan? BetweenTries { get; init; }

    /// <summary>Starts the supervisor of a job that runs. Where that cannot be, a warning says why, and recovery stays with the computers that wait.</summary>
    /// <param name="job">A job with <see cref="Job.Recovery"/> and a monitor.</param>
    /// <returns>Whether there is one. There is none either, and no warning, for a job that is over already.</returns>
    public async Task<bool> StartAsync(Job job, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        string? reason;
        try
        {
            report?.Report(new ProgressReport($"Job {job.Name}", $"giving it a supervisor on {job.MonitorName}", 95));
            var role = new SupervisorRole(session);
            reason = WhyNot(job) ?? await role.EnsureAsync(job.MonitorId!, cancellationToken).ConfigureAwait(false);
            if (reason is null && job.Recovery!.Machine.InstanceProfile is { } profile)
                reason = await role.HandOnAsync(profile, cancellationToken).ConfigureAwait(false);
            if (reason is null)
                return await StartThereAsync(job, report, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            reason = $"{e.Message} {e.NextStep}";
        }

        Warn(job, reason, report);
        return false;
    }

    private static void Warn(Job job, string reason, IProgress<Fe2Report>? report) => report?.Report(new WarningReport(
        $"{job.MonitorName} cannot replace the machine of {job.Name} by itself: {reason.TrimEnd(' ', '.')}. The job goes on elsewhere only while a computer "
        + $"waits for it: leave this one on, or use Wait-Fe2Script {job.Name} on another. -NoSupervisor asks for just that, without this warning."));

    /// <summary>What can be known without any call.</summary>
    private static string? WhyNot(Job job) =>
        job.Recovery is null || job.Monitor is null || job.Target is null ? "it has no monitor" : null;

    private async Task<bool> StartThereAsync(Job job, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await using var monitor = await JobHost.OpenAsync(jobs.Connector, job.Monitor!, cancellationToken).ConfigureAwait(false);
        string? reason;
        try
        {
            reason = await IsOverAsync(monitor, job, cancellationToken).ConfigureAwait(false)
                ? "" : await TryAsync(monitor, job, report, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception e)
        {
            reason = $"{e.Message} {e.NextStep}";
        }

        if (reason is null)
        {
            report?.Report(new VerboseReport($"A supervisor on {job.MonitorName} sees to the job {job.Name}; this computer may be switched off."));
            return true;
        }

        // What was made for it is taken back.
        await monitor.TryCallAsync("supervise-up", [job.Id], null, cancellationToken).ConfigureAwait(false);
        if (!await IsOverAsync(monitor, job, cancellationToken).ConfigureAwait(false))
            Warn(job, reason, report);
        return false;
    }

    /// <summary>A short script may have ended meanwhile, and its machine with it.</summary>
    private static async Task<bool> IsOverAsync(JobHost monitor, Job job, CancellationToken cancellationToken)
    {
        var state = await monitor.Session.RunAsync($"head -n 1 {ShellQuote.Home(job.Folder + "/.fe2/state")}", null, cancellationToken).ConfigureAwait(false);
        return state.OutputText.Trim() is "finished";
    }

    /// <summary>Null, or why the monitor cannot do it.</summary>
    private async Task<string?> TryAsync(JobHost monitor, Job job, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await using var target = await JobHost.OpenAsync(jobs.Connector, job.Target!, cancellationToken).ConfigureAwait(false);
        var preparing = monitor.PrepareAsync(["curl"], report, cancellationToken);
        var planning = PlanAsync(monitor, job, report, cancellationToken);
        await Task.WhenAll(preparing, planning).ConfigureAwait(false);
        await SupervisorLogin.AdmitAsync(target, monitor, jobs.Connector, job.Id, SourcesOf(job.Monitor!), cancellationToken).ConfigureAwait(false);
        var plan = new MemoryStream(Encoding.UTF8.GetBytes(await planning.ConfigureAwait(false)));
        await monitor.CallAsync("secret", [job.Id, "plan"], "Writing the supervisor's plan", plan, cancellationToken).ConfigureAwait(false);
        var up = await monitor.TryCallAsync(
            "supervise-up", [job.Id, job.TargetId, RolePatience.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. WaysTo(job.Target!, job.Monitor!)], null, cancellationToken)
            .ConfigureAwait(false);
        if (up.ExitCode == 0)
            return null;
        await target.TryCallAsync("supervise-admit", [job.Id], null, cancellationToken).ConfigureAwait(false);
        return up.ErrorText.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no reason was given";
    }

    /// <summary>From where the monitor comes, as a machine sees it: by its private address, or from another VPC by its public one.</summary>
    private static string SourcesOf(JobMachine monitor) =>
        string.Join(',', new[] { monitor.PrivateAddress, monitor.Ssh.Address }.Where(a => IPAddress.TryParse(a, out _)).Distinct());

    /// <summary>How the monitor may reach the job's machine, and the next ones by the same way.</summary>
    private static IEnumerable<string> WaysTo(JobMachine target, JobMachine monitor) =>
        JobLink.AddressesOf(target, monitor).Select(a => $"{(a == target.PrivateAddress ? "private" : "public")}:{a}");

    private async Task<string> PlanAsync(JobHost monitor, Job job, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var read = await monitor.Session.RunAsync($"cat {ShellQuote.Home(job.Folder + "/.fe2/job.json")}", null, cancellationToken).ConfigureAwait(false);
        if (read.ExitCode != 0 || JsonSerializer.Deserialize(read.OutputText, JobFactsContext.Default.JobFacts) is not { } known)
            throw JobErrors.StepFailed(monitor.Machine, "Reading the job's facts", read);
        var key = jobs.Connector.PinnedKey(job.MonitorId!)!;
        var writer = new SupervisorPlan(session);
        writer = new SupervisorPlan(session) { Silence = Silence ?? writer.Silence, BetweenTries = BetweenTries ?? writer.BetweenTries };
        return await writer.WriteAsync(job, job.Recovery!, known, $"{key.Type} {key.Blob}", report, cancellationToken).ConfigureAwait(false);
    }
}
