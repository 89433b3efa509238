using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Commands;

/// <summary>Runs commands on machines, on many at once.</summary>
/// <param name="session">Where the machines are.</param>
/// <param name="connector">The way to them.</param>
/// <param name="keyFile">A private key, or null for the one of each machine's key pair.</param>
/// <param name="user">The login user, or null for what each machine's tags say.</param>
/// <param name="report">Gets what is worth knowing besides.</param>
public sealed class CommandRunner(
    Fe2Session session, ISshConnector connector, string? keyFile = null, string? user = null, IProgress<Fe2Report>? report = null)
{
    /// <summary>On how many machines at once, unless told otherwise.</summary>
    public const int UsualThrottle = 32;

    private readonly MachineAccess _access = new(session, connector, report);

    /// <summary>Runs a command on one machine and hands over what it writes, as it comes.</summary>
    /// <returns>The exit code; 128 + n for a signal n.</returns>
    /// <exception cref="Fe2Exception">As <see cref="ISshSession.StreamAsync"/> and <see cref="MachineAccess"/>; a command that fails is no exception.</exception>
    public async Task<int> RunAsync(Instance instance, RemoteCommand command, Action<SshOutput> output, CancellationToken cancellationToken = default)
    {
        await using ISshSession ssh = await OpenAsync(instance, cancellationToken).ConfigureAwait(false);
        using Stream? input = command.OpenInput();
        return await ssh.StreamAsync(command.Text, output, input, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A session on one machine that answers.</summary>
    public async Task<ISshSession> OpenAsync(Instance instance, CancellationToken cancellationToken = default)
    {
        SshTarget target = await _access.TargetAsync(instance, keyFile, user, cancellationToken).ConfigureAwait(false);
        return await _access.OpenAsync(instance, target, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does something with each machine, with so many at once. A failure of one does not end the others.</summary>
    /// <param name="instances">The machines.</param>
    /// <param name="throttle">How many at once.</param>
    /// <param name="work">What to do.</param>
    /// <param name="failed">Told of each failure.</param>
    /// <param name="cancellationToken">Ends all of it.</param>
    public static Task ForEachAsync(
        IReadOnlyList<Instance> instances, int throttle, Func<Instance, CancellationToken, Task> work, Func<Instance, Fe2Exception, Task> failed,
        CancellationToken cancellationToken = default) =>
        Parallel.ForEachAsync(
            instances, new ParallelOptions { MaxDegreeOfParallelism = throttle, CancellationToken = cancellationToken },
            async (instance, token) =>
            {
                try
                {
                    await work(instance, token).ConfigureAwait(false);
                }
                catch (Fe2Exception failure)
                {
                    await failed(instance, failure).ConfigureAwait(false);
                }
            });
}
