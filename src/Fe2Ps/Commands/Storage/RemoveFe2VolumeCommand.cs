using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Deletes volumes with all that is on them.</summary>
[Cmdlet(VerbsCommon.Remove, "Fe2Volume", DefaultParameterSetName = "Name", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Volume))]
public sealed class RemoveFe2VolumeCommand : VolumeCmdlet
{
    /// <summary>Dismounts it first.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Hands the volumes on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    public string? KeyFile { get; set; }

    /// <inheritdoc/>
    private protected override string Action => "Delete, with all that is on it";

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop)
    {
        Volume free = volume;
        if (Force && VolumeFacts.InstanceOf(volume) is not null)
        {
            string? key = NullIfEmpty(KeyFile) is { } file ? await Pump.AskAsync(() => GetUnresolvedProviderPathFromPSPath(file)).ConfigureAwait(false) : null;
            free = await new VolumeMounter(session, new SshConnector(), Pump).DismountAsync(volume, true, key, NullIfEmpty(User), stop).ConfigureAwait(false);
        }

        await new VolumeRemoval(session).RemoveAsync(free, stop).ConfigureAwait(false);
        if (PassThru) await WriteAsync(free, session, where).ConfigureAwait(false);
    }
}
