using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Reboots running instances.</summary>
[Cmdlet(VerbsLifecycle.Restart, "Fe2Instance", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[OutputType(typeof(Instance))]
public sealed class RestartFe2InstanceCommand : InstanceCmdlet
{
    /// <summary>Hands the instances on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, "Reboot").ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        InstanceSelection done = await new InstanceActions(session).RestartAsync(confirmed, stop).ConfigureAwait(false);
        await FinishAsync(done, session, where, PassThru).ConfigureAwait(false);
    }
}
