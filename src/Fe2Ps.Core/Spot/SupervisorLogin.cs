using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// The way of the supervisor from the monitor to the machines of a job: a key pair that the monitor makes for this one job, let in only
/// from the monitor's own addresses. Its private half never leaves the monitor.
/// </summary>
internal static class SupervisorLogin
{
    /// <summary>Lets the supervisor in. Does nothing for a job without one.</summary>
    /// <param name="addresses">The monitor's addresses as the machine may see it, with commas, which makes the key; null to let in one that there is.</param>
    public static async Task AdmitAsync(
        JobHost target, JobHost monitor, ISshConnector ssh, string id, string? addresses, CancellationToken cancellationToken)
    {
        var key = ssh.PinnedKey(target.Machine.Id)
            ?? throw new InvalidOperationException($"The host key of {target.Machine.Id} is not pinned although a session is open.");
        string[] arguments = [id, target.Machine.Id, key.Type, key.Blob, .. addresses is null ? Array.Empty<string>() : [addresses]];
        var line = (await monitor.CallAsync("supervise-key", arguments, "Making the supervisor's key", null, cancellationToken).ConfigureAwait(false))
            .OutputText.Trim();
        if (line.Length > 0)
            await target.CallAsync("supervise-admit", [id, line], "Letting the supervisor in", null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What lets the job's supervisor in, or null for a job without one.</summary>
    public static async Task<string?> LineAsync(JobHost monitor, string id, CancellationToken cancellationToken)
    {
        var line = (await monitor.TryCallAsync("secret", [id, "supervise.line", "show"], null, cancellationToken).ConfigureAwait(false)).OutputText.Trim();
        return line.Length > 0 ? line : null;
    }

    /// <summary>User data that lets the supervisor in at the first boot, as the supervisor's own launches have it.</summary>
    public static string UserData(string line) => $"#cloud-config\nssh_authorized_keys:\n  - '{line}'\n";
}
