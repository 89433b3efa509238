using System.Globalization;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>
/// The way from the target to its monitor: a key that the target makes for this one job, let in by the monitor for this one
/// folder. No private key of anybody's travels.
/// </summary>
internal sealed class JobLink(JobHost target, JobHost monitor, ISshConnector ssh)
{
    private const int DoesNotAnswer = 69;

    /// <summary>Makes the link and brings the job's folder from the monitor to the target.</summary>
    public async Task EstablishAsync(string id, CancellationToken cancellationToken)
    {
        var there = monitor.Machine;
        var key = ssh.PinnedKey(there.Id)
            ?? throw new InvalidOperationException($"The host key of {there.Id} is not pinned although a session is open.");
        var made = await target.CallAsync(
            "link",
            [id, there.Id, there.Ssh.User, there.Ssh.Port.ToString(CultureInfo.InvariantCulture), $"{there.Id} {key.Type} {key.Blob}"],
            "Making the job's key", null, cancellationToken).ConfigureAwait(false);
        var publicKey = made.OutputText.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

        // First the key may only read, so that the target can fetch what the monitor has; then only write.
        await monitor.CallAsync("authorize", [id, "load", publicKey[0], publicKey[1]], "Letting the job's key in", null, cancellationToken)
            .ConfigureAwait(false);
        var loaded = await target.TryCallAsync("load", [id, .. AddressesOf(monitor.Machine, target.Machine)], null, cancellationToken).ConfigureAwait(false);
        if (loaded.ExitCode == DoesNotAnswer)
            throw JobErrors.MonitorUnreachable(target.Machine, there, string.Join(' ', loaded.ErrorText.Split('\n', StringSplitOptions.TrimEntries)).Trim());
        if (loaded.ExitCode != 0)
            throw JobErrors.StepFailed(target.Machine, "Fetching the job's folder from the monitor", loaded);
        await monitor.CallAsync("authorize", [id, "write", publicKey[0], publicKey[1]], "Letting the job's key in", null, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Lets the key that the target has already write once more.</summary>
    public async Task AdmitAgainAsync(string id, CancellationToken cancellationToken)
    {
        var made = await target.Session.RunAsync($"cat {ShellQuote.Home($".fe2/jobs/{id}/key.pub")}", null, cancellationToken).ConfigureAwait(false);
        if (made.OutputText.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var type, var blob, ..])
            await monitor.CallAsync("authorize", [id, "write", type, blob], "Letting the job's key in", null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// How one machine of a job may reach another. The private address first, where both are in one VPC; it is also the one that the
    /// security group lets in.
    /// </summary>
    internal static IEnumerable<string> AddressesOf(JobMachine there, JobMachine here)
    {
        var isNear = there.PrivateAddress is not null && (here.VpcId is null || here.VpcId == there.VpcId);
        return (isNear ? new[] { there.PrivateAddress!, there.Ssh.Address } : [there.Ssh.Address]).Distinct();
    }
}
