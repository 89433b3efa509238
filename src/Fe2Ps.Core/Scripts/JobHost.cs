using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>One machine with the job scripts installed.</summary>
internal sealed class JobHost(JobMachine machine, ISshSession session) : IAsyncDisposable
{
    public JobMachine Machine => machine;

    public ISshSession Session => session;

    /// <summary>Whether the login user may become root without a password. Known after <see cref="PrepareAsync"/>.</summary>
    public bool HasSudo { get; private set; }

    public static async Task<JobHost> OpenAsync(ISshConnector ssh, JobMachine machine, CancellationToken cancellationToken)
    {
        var session = await ssh.OpenAsync(machine.Ssh, cancellationToken).ConfigureAwait(false);
        return new JobHost(machine, session);
    }

    /// <summary>Installs the job scripts, and the packages that are missing.</summary>
    public async Task PrepareAsync(string[] packages, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await RemoteScripts.InstallAsync(session, machine, cancellationToken).ConfigureAwait(false);
        var result = await CallAsync("prepare", packages, "Preparing", null, cancellationToken).ConfigureAwait(false);
        var facts = result.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToList();
        HasSudo = facts.Any(f => f is ["sudo", "1"]);
        var refused = facts.Where(f => f[0] == "refused").Select(f => f[1].Split(' ', 2)).ToDictionary(f => f[0], f => f[1].Trim());
        foreach (var program in new[] { "tmux", "rsync", "flock" }.Where(p => p == "flock" || packages.Contains(p)))
        {
            if (facts.Any(f => f[0] == program && f[1] == "0"))
                throw JobErrors.Missing(machine, program, refused.GetValueOrDefault(program));
        }

        var installed = facts.Where(f => f[0] == "installed").Select(f => f[1]).ToList();
        if (installed.Count > 0)
        {
            report?.Report(new WarningReport(
                $"{string.Join(", ", installed)} had to be installed on {machine.Name}. Freeze an image that has what your jobs need, and the next start is faster."));
        }

        if (packages.Contains("lsyncd") && facts.Any(f => f is ["lsyncd", "0"]))
        {
            report?.Report(new WarningReport(
                $"{machine.Name} has no lsyncd, and it could not be installed there ({refused.GetValueOrDefault("lsyncd")}); rsync in a loop does its work, a little later and with more load."));
        }
    }

    /// <summary>Sees that CRIU is there. Returns why the memory of programs cannot be kept here, or null.</summary>
    public async Task<string?> WhyNoCheckpointAsync(IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        await TryCallAsync("prepare", ["criu"], null, cancellationToken).ConfigureAwait(false);
        var result = await TryCallAsync("checkpoint", ["check"], null, cancellationToken).ConfigureAwait(false);
        report?.Report(new VerboseReport($"CRIU on {machine.Name}: {(result.ExitCode == 0 ? "works" : result.OutputText.Trim())}"));
        return result.ExitCode == 0 ? null : result.OutputText.Trim() is { Length: > 0 } said ? said : "criu failed";
    }

    /// <summary>Sees that jobs of this machine that are to go on do so at its next start.</summary>
    public async Task GoOnAtBootAsync(IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var result = await TryCallAsync("onboot", ["install"], null, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            report?.Report(new WarningReport(
                $"After a restart of {machine.Name} its jobs go on only when a computer waits for them: nothing there (cloud-init, systemd, cron) would start them by itself."));
        }
    }

    /// <summary>Calls one of the scripts; a failure is an error.</summary>
    public async Task<SshResult> CallAsync(
        string script, IEnumerable<string> arguments, string step, Stream? input, CancellationToken cancellationToken)
    {
        var result = await TryCallAsync(script, arguments, input, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? result : throw JobErrors.StepFailed(machine, step, result);
    }

    /// <summary>Calls one of the scripts.</summary>
    public Task<SshResult> TryCallAsync(string script, IEnumerable<string> arguments, Stream? input, CancellationToken cancellationToken) =>
        session.RunAsync(RemoteScripts.Call(script, arguments), input, cancellationToken);

    public ValueTask DisposeAsync() => session.DisposeAsync();
}
