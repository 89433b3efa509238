using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Files;

/// <summary>
/// A connection to one machine that is made again when it is cut: after a reboot, at another address of the machine, from
/// another address of this computer. A first connection that fails is an error at once.
/// </summary>
internal sealed class CopyLine(Fe2Session session, ISshConnector connector, CopyOptions options, IProgress<Fe2Report>? report)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    /// <summary>How many connections it took.</summary>
    public int Attempts { get; private set; }

    /// <summary>Runs work on the machine, again and again while it gets further.</summary>
    /// <param name="instance">The machine.</param>
    /// <param name="what">The whole, for messages.</param>
    /// <param name="tally">Tells whether an attempt got further.</param>
    /// <param name="begin">The first command on each connection: it proves that the machine answers, and may be run twice.</param>
    /// <param name="work">The work; it must do what is left of it when it is called again.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(
        Instance instance, string what, TransferTally tally, Func<ISshSession, CancellationToken, Task> begin,
        Func<ISshSession, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var now = instance;
        SshTarget? target = null;
        var worked = false;
        long reached = 0;
        for (var failures = 0; ;)
        {
            Attempts++;
            try
            {
                if (worked)
                {
                    await connector.CloseAsync(target!, cancellationToken).ConfigureAwait(false);
                    // Where this computer's own network is gone, AWS cannot be asked either: that is one more try that failed.
                    now = await new InstanceQuery(session).GetAsync(instance.InstanceId, cancellationToken).ConfigureAwait(false);
                }

                var access = new MachineAccess(session, connector, report);
                target = await access.TargetAsync(now, options.KeyFile, options.User, cancellationToken).ConfigureAwait(false);
                var there = target;
                await using var ssh = await access.ConnectAsync(
                    now, there,
                    async token =>
                    {
                        var opened = await connector.OpenAsync(there, token).ConfigureAwait(false);
                        await begin(opened, token).ConfigureAwait(false);
                        return opened;
                    },
                    cancellationToken).ConfigureAwait(false);
                worked = true;
                await work(ssh, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Fe2Exception cut) when ((worked || cut.Id == "ConnectionCut") && cut.Kind == Fe2ErrorKind.Connection)
            {
                worked = true;
                failures = tally.BytesSent > reached ? 1 : failures + 1;
                reached = tally.BytesSent;
                if (failures > options.Retries)
                    throw CopyErrors.NotWhole(what, tally, Attempts, cut);
                var pause = Pause(failures);
                report?.Report(new WarningReport($"{what}: {cut.Message} Trying again in {pause.TotalSeconds:0.#} s ({failures} of {options.Retries})."));
                await Task.Delay(pause, session.Clock, cancellationToken).ConfigureAwait(false);
            }
            catch (Fe2Exception gone) when (worked && gone.Id is "InstanceNotRunning" or "InstanceWithoutAddress")
            {
                throw CopyErrors.NotWhole(what, tally, Attempts, gone);
            }
        }
    }

    private TimeSpan Pause(int failures) =>
        TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, options.FirstPause.Ticks << Math.Min(failures - 1, 10)));
}
