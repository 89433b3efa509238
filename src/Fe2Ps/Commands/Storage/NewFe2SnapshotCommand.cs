using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Takes snapshots of volumes, mounted or not.</summary>
[Cmdlet(VerbsCommon.New, "Fe2Snapshot", SupportsShouldProcess = true)]
[OutputType(typeof(Snapshot))]
public sealed class NewFe2SnapshotCommand : VolumeActionCmdlet
{
    private string[] _volumes = [];
    private string? _name;

    /// <summary>The volumes, by name or id; wildcards select. With volumes from the pipeline, the snapshot's name may stand here.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeNameCompleter))]
    [VolumeName]
    [ValidateNotNullOrEmpty]
    public string[] Volume { get; set; } = [];

    /// <summary>The snapshot's name.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Volumes, or names, from the pipeline.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>EC2's description.</summary>
    [Parameter]
    [ValidateLength(0, 255)]
    public string? Description { get; set; }

    /// <summary>Waits until it is completed.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Takes the volume as it is.</summary>
    [Parameter]
    public SwitchParameter NoFreeze { get; set; }

    /// <summary>Stops the machines that have the volumes for it, and starts them again.</summary>
    [Parameter]
    public SwitchParameter Stop { get; set; }

    /// <summary>Further tags.</summary>
    [Parameter]
    public Hashtable? Tag { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    public string? KeyFile { get; set; }

    /// <inheritdoc/>
    private protected override string Action => Stop ? "Take a snapshot, stopping the machine that has it" : "Take a snapshot";

    /// <inheritdoc/>
    private protected override void Begin()
    {
        bool piped = MyInvocation.ExpectingInput;
        (_volumes, _name) = piped && Name is null && Volume is [var only] ? ([], only) : (Volume, Name);
        if (_volumes.Length == 0 && !piped)
        {
            ThrowTerminatingError(new Fe2Exception(
                "VolumeMissing", Fe2ErrorKind.InvalidArgument, "A volume is needed.", "New-Fe2Snapshot VOLUME NAME, or Get-Fe2Volume VOLUME | New-Fe2Snapshot NAME.").ToErrorRecord());
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Take(_volumes, InputObject);
        _volumes = [];
    }

    /// <inheritdoc/>
    private protected override async Task ActAllAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Volume> volumes, CancellationToken stop)
    {
        if (!Stop)
        {
            await base.ActAllAsync(session, where, volumes, stop).ConfigureAwait(false);
            return;
        }

        var wanted = new List<Volume>();
        foreach (Volume volume in volumes)
        {
            if (await Pump.AskAsync(() => ShouldProcess(VolumeFacts.Label(volume), Action)).ConfigureAwait(false)) wanted.Add(volume);
        }

        SnapshotSelection taken = await new StoppedSnapshots(session, new SshConnector(), Pump).TakeAsync(wanted, await RequestAsync().ConfigureAwait(false), stop).ConfigureAwait(false);
        foreach (Snapshot snapshot in taken.Snapshots) await HandOnAsync(snapshot, session, where, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in taken.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop) =>
        await HandOnAsync(
            await new SnapshotMaker(session, new SshConnector(), Pump).CreateAsync(volume, await RequestAsync().ConfigureAwait(false), stop).ConfigureAwait(false),
            session, where, stop).ConfigureAwait(false);

    private async Task<SnapshotRequest> RequestAsync() =>
        new()
        {
            Name = NullIfEmpty(_name),
            Description = NullIfEmpty(Description),
            NoFreeze = NoFreeze,
            Tags = Texts.Dictionary(Tag),
            User = NullIfEmpty(User),
            KeyFile = NullIfEmpty(KeyFile) is { } file ? await Pump.AskAsync(() => GetUnresolvedProviderPathFromPSPath(file)).ConfigureAwait(false) : null,
        };

    private async Task HandOnAsync(Snapshot snapshot, Fe2Session session, SessionOptions where, CancellationToken stop)
    {
        if (Wait)
        {
            SnapshotSelection done = await new SnapshotWaiter(session, Pump).WaitAsync([snapshot], null, stop).ConfigureAwait(false);
            if (done.Problems.Count > 0) throw done.Problems[0];
            snapshot = done.Snapshots[0];
        }

        await WriteAsync(Dressed.Snapshot(snapshot, session, where)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => Wait ? "Snapshots that EC2 has begun go on by themselves; Wait-Fe2Snapshot goes on waiting." : null;
}
