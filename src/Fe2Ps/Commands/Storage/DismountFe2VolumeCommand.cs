using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Writes everything out, unmounts volumes and detaches them.</summary>
[Cmdlet(VerbsData.Dismount, "Fe2Volume", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[Alias("Detach-Fe2Volume")]
[OutputType(typeof(Volume))]
public sealed class DismountFe2VolumeCommand : VolumeCmdlet
{
    /// <summary>Ends the processes that hold it.</summary>
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
    private protected override string Action => Force ? "Dismount, ending what holds it" : "Dismount";

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop)
    {
        string? key = NullIfEmpty(KeyFile) is { } file ? await Pump.AskAsync(() => GetUnresolvedProviderPathFromPSPath(file)).ConfigureAwait(false) : null;
        Volume free = await new VolumeMounter(session, new SshConnector(), Pump).DismountAsync(volume, Force, key, NullIfEmpty(User), stop).ConfigureAwait(false);
        if (PassThru) await WriteAsync(free, session, where).ConfigureAwait(false);
    }
}
