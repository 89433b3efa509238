using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Makes a volume, blank or from a snapshot, and mounts it on an instance.</summary>
[Cmdlet(VerbsCommon.New, "Fe2Volume", DefaultParameterSetName = "Size", SupportsShouldProcess = true)]
[OutputType(typeof(Volume))]
public sealed class NewFe2VolumeCommand : LoginCmdlet
{
    /// <summary>The volume's name.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>GiB.</summary>
    [Parameter(Position = 1, Mandatory = true, ParameterSetName = "Size")]
    [Parameter(Position = 1, ParameterSetName = "Snapshot")]
    [ValidateRange(1, 65536)]
    public int? Size { get; set; }

    /// <summary>The instance to mount it on.</summary>
    [Parameter(Position = 2)]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string? Instance { get; set; }

    /// <summary>What to fill it with.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Snapshot")]
    [Alias("SnapshotId")]
    [ArgumentCompleter(typeof(SnapshotNameCompleter))]
    [SnapshotName]
    [ValidateNotNullOrEmpty]
    public string? Snapshot { get; set; }

    /// <summary>The folder on the instance.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MountPoint { get; set; }

    /// <summary>What a blank volume is formatted with.</summary>
    [Parameter]
    [ValidateSet("ext4", "xfs")]
    public string? FileSystem { get; set; }

    /// <summary>Mounts it at each start of the machine.</summary>
    [Parameter]
    public SwitchParameter Persist { get; set; }

    /// <summary>Stays when the instance ends.</summary>
    [Parameter]
    public SwitchParameter KeepOnTermination { get; set; }

    /// <summary>The volume type.</summary>
    [Parameter]
    [ValidateSet("gp3", "gp2", "io1", "io2", "st1", "sc1", "standard")]
    public string? Type { get; set; }

    /// <summary>Operations a second.</summary>
    [Parameter]
    [ValidateRange(100, 256000)]
    public int? Iops { get; set; }

    /// <summary>Throughput, MiB/s.</summary>
    [Parameter]
    [ValidateRange(125, 2000)]
    public int? Throughput { get; set; }

    /// <summary>Encrypted, unless it is said not to be.</summary>
    [Parameter]
    public SwitchParameter Encrypted { get; set; } = true;

    /// <summary>The zone, without an instance.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ZoneCompleter))]
    public string? Zone { get; set; }

    /// <summary>Further tags.</summary>
    [Parameter]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        string what = $"Make a volume{(Size is null ? "" : $" of {Size} GiB")}{(Snapshot is null ? "" : $" from {Snapshot}")}{(Instance is null ? "" : $" and mount it on {Instance}")}";
        if (!ShouldProcess(Name ?? Instance ?? Snapshot ?? "", what)) return;
        SessionOptions where = Where;
        VolumeRequest request = Request();
        string? instance = NullIfEmpty(Instance);
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            Volume volume = await new VolumeMaker(session, new SshConnector(), Pump).MakeForAsync(instance, request, stop).ConfigureAwait(false);
            await WriteAsync(Dressed.Volume(volume, session, where)).ConfigureAwait(false);
        });
    }

    private VolumeRequest Request() => new()
    {
        Name = NullIfEmpty(Name),
        Size = Size,
        Snapshot = NullIfEmpty(Snapshot),
        Zone = NullIfEmpty(Zone),
        Type = NullIfEmpty(Type),
        Iops = Iops,
        Throughput = Throughput,
        Encrypted = Encrypted,
        KeepOnTermination = KeepOnTermination,
        Tags = Texts.Dictionary(Tag),
        Mount = new MountRequest
        {
            MountPoint = NullIfEmpty(MountPoint),
            FileSystem = NullIfEmpty(FileSystem),
            Persist = Persist,
            User = LoginUser,
            KeyFile = LoginKey,
        },
    };
}
