using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Terminates instances: they are gone, with their root disks, and cost nothing any more.</summary>
[Cmdlet(VerbsCommon.Remove, "Fe2Instance", DefaultParameterSetName = "Name", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Instance))]
public sealed class RemoveFe2InstanceCommand : InstanceCmdlet
{
    /// <summary>Hands the instances on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, "Terminate, with its root disk").ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        InstanceSelection done = await new InstanceActions(session).RemoveAsync(confirmed, stop).ConfigureAwait(false);
        var ssh = new SshConnector();
        foreach (Instance instance in done.Instances) await ssh.ForgetAsync(instance.InstanceId, stop).ConfigureAwait(false);
        await FinishAsync(done, session, where, PassThru).ConfigureAwait(false);
    }
}
