using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Waits until instances are in a state, and hands them on.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Fe2Instance", DefaultParameterSetName = "Name")]
[OutputType(typeof(Instance))]
public sealed class WaitFe2InstanceCommand : InstanceCmdlet
{
    private const string Ready = "ready";

    /// <summary>The state; <c>ready</c> means that a command over ssh works.</summary>
    [Parameter]
    [ValidateSet("running", Ready, "stopped", "terminated")]
    public string State { get; set; } = "running";

    /// <summary>How long to wait for all of them together, in seconds.</summary>
    [Parameter]
    [ValidateRange(1, 7 * 24 * 3600)]
    public int Timeout { get; set; } = 600;

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(Timeout);
        InstanceSelection done = State == Ready
            ? await ReadyAsync(session, instances, timeout, stop).ConfigureAwait(false)
            : await new InstanceWaiter(session).WaitAsync(instances, State, timeout, Pump, stop).ConfigureAwait(false);
        await FinishAsync(done, session, where, passThru: true).ConfigureAwait(false);
    }

    /// <summary>Machines of one key pair are waited for together, all key pairs at once.</summary>
    private async Task<InstanceSelection> ReadyAsync(Fe2Session session, IReadOnlyList<Instance> instances, TimeSpan timeout, CancellationToken stop)
    {
        var keys = new KeyPairs(session);
        InstanceSelection[] groups = await Task.WhenAll(instances.GroupBy(i => i.KeyName).Select(async group =>
        {
            try
            {
                string? file = await keys.FindPrivateFileAsync(group.Key, null, stop).ConfigureAwait(false);
                return await new InstanceReadiness(session, new SshConnector())
                    .WaitEachAsync([.. group], file, null, timeout, "Waiting for ssh", Pump, stop).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                // A key that cannot be found is no reason to give up the machines of another.
                return new InstanceSelection([], [failure]);
            }
        })).ConfigureAwait(false);
        Dictionary<string, Instance> byId = groups.SelectMany(g => g.Instances).ToDictionary(i => i.InstanceId);
        return new InstanceSelection(
            [.. instances.Select(i => byId.GetValueOrDefault(i.InstanceId)).OfType<Instance>()], [.. groups.SelectMany(g => g.Problems)]);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() =>
        State == Ready ? "Only the waiting has ended; the instances go on. Wait-Fe2Instance -State ready goes on waiting." : null;
}
