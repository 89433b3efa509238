using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Stops running instances; their disks stay.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Fe2Instance", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[OutputType(typeof(Instance))]
public sealed class StopFe2InstanceCommand : InstanceCmdlet
{
    /// <summary>Does not wait for the operating system to end in good order.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Hands the instances on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, "Stop").ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        InstanceSelection done = await new InstanceActions(session).StopAsync(confirmed, Force, stop).ConfigureAwait(false);
        await FinishAsync(done, session, where, PassThru).ConfigureAwait(false);
    }
}
