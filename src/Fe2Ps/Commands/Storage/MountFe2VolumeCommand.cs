using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Attaches volumes to an instance and mounts them there.</summary>
[Cmdlet(VerbsData.Mount, "Fe2Volume", SupportsShouldProcess = true)]
[OutputType(typeof(Volume))]
public sealed class MountFe2VolumeCommand : VolumeValueCmdlet
{
    /// <summary>The instance.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string? Instance { get; set; }

    /// <summary>The folder on the instance.</summary>
    [Parameter(Position = 2)]
    [ValidateNotNullOrEmpty]
    public string? MountPoint { get; set; }

    /// <summary>What a blank volume is formatted with.</summary>
    [Parameter]
    [ValidateSet("ext4", "xfs")]
    public string? FileSystem { get; set; }

    /// <summary>Mounts it at each start of the machine.</summary>
    [Parameter]
    public SwitchParameter Persist { get; set; }

    /// <summary>Takes a volume of another zone there.</summary>
    [Parameter]
    public SwitchParameter Move { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    public string? KeyFile { get; set; }

    /// <inheritdoc/>
    private protected override (string Parameter, string? Given, bool IsOptional) Second => (nameof(Instance), Instance, false);

    /// <inheritdoc/>
    private protected override string Action => $"Mount on {Value}{(Move ? ", moved there from another zone" : "")}";

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop)
    {
        Instance instance = await new InstanceQuery(session).GetAsync(Value, stop).ConfigureAwait(false);
        var request = new MountRequest
        {
            MountPoint = NullIfEmpty(MountPoint),
            FileSystem = NullIfEmpty(FileSystem),
            Persist = Persist,
            Move = Move,
            User = NullIfEmpty(User),
            KeyFile = NullIfEmpty(KeyFile) is { } file ? await Pump.AskAsync(() => GetUnresolvedProviderPathFromPSPath(file)).ConfigureAwait(false) : null,
        };
        Volume mounted = await new VolumeMounter(session, new SshConnector(), Pump).MountAsync(volume, instance, request, stop).ConfigureAwait(false);
        await WriteAsync(mounted, session, where).ConfigureAwait(false);
    }
}
