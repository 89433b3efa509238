using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Makes a volume of a snapshot, beside the volume that the snapshot is of, or in its place.</summary>
[Cmdlet(VerbsData.Restore, "Fe2Volume", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[OutputType(typeof(Volume))]
public sealed class RestoreFe2VolumeCommand : LoginCmdlet
{
    /// <summary>The volume, by name or id. It may be gone.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [ArgumentCompleter(typeof(VolumeNameCompleter))]
    [VolumeName]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Volumes, their names, or the snapshots themselves, from the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    public PSObject? InputObject { get; set; }

    /// <summary>The newest snapshot that is not later than this.</summary>
    [Parameter]
    public DateTime? At { get; set; }

    /// <summary>The instance to mount it on.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string? Instance { get; set; }

    /// <summary>The folder on the instance.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MountPoint { get; set; }

    /// <summary>Takes the place and the name of the volume, which is kept.</summary>
    [Parameter]
    public SwitchParameter Replace { get; set; }

    /// <summary>The new volume's name, beside the old one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? NewName { get; set; }

    /// <summary>The zone, where no instance and no volume says it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Zone { get; set; }

    /// <summary>Ends the processes that hold the volume that is replaced.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Request() is not { } request) return;
        string what = $"Restore it from {(request.Snapshot is { } one ? one : request.At is { } at ? $"its newest snapshot of {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC or before" : "its newest snapshot")}"
            + (Replace ? ", in the place of the one that there is, which is kept" : "");
        if (!ShouldProcess(request.Volume, what)) return;
        SessionOptions where = Where;
        string? instance = NullIfEmpty(Instance);
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            if (instance is not null)
                request = request with { Instance = await new InstanceQuery(session).GetAsync(instance, stop).ConfigureAwait(false) };
            Volume volume = await new VolumeRestore(session, new SshConnector(), Pump).RestoreAsync(request, stop).ConfigureAwait(false);
            await WriteAsync(Dressed.Volume(volume, session, where)).ConfigureAwait(false);
        });
    }

    private RestoreRequest? Request()
    {
        (string? volume, string? snapshot) = InputObject?.BaseObject switch
        {
            null => (Name, null),
            string name => (name, null),
            Volume one => (one.VolumeId, null),
            Snapshot one => (SnapshotFacts.NameOf(one) ?? one.VolumeId, one.SnapshotId),
            _ => (null, null),
        };
        if (volume is null)
        {
            WriteError(StorageKind.Volume.None(InputObject!).ToErrorRecord());
            return null;
        }

        return new RestoreRequest(volume)
        {
            Snapshot = snapshot,
            At = At is { } at ? new DateTimeOffset(at.ToUniversalTime()) : null,
            MountPoint = NullIfEmpty(MountPoint),
            Replace = Replace,
            NewName = NullIfEmpty(NewName),
            Zone = NullIfEmpty(Zone),
            Force = Force,
            User = LoginUser,
            KeyFile = LoginKey,
        };
    }
}
