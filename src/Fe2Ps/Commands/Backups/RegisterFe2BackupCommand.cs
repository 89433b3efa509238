using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Takes snapshots of volumes or instances at their times from now on, and keeps as many as are wanted.</summary>
[Cmdlet(VerbsLifecycle.Register, "Fe2Backup", DefaultParameterSetName = "Volume", SupportsShouldProcess = true)]
[OutputType(typeof(Backup))]
public sealed class RegisterFe2BackupCommand : Fe2Cmdlet
{
    private readonly NameBatches _volumes = new();
    private readonly NameBatches _instances = new();

    /// <summary>The volumes, by name or id; wildcards select.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Volume")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeNameCompleter))]
    [VolumeName]
    [ValidateNotNullOrEmpty]
    public string[] Volume { get; set; } = [];

    /// <summary>The instances, by name or id; wildcards select.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Instance")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Instance { get; set; } = [];

    /// <summary>Volumes or instances from the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    public PSObject? InputObject { get; set; }

    /// <summary>How often.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(BackupIntervalCompleter))]
    [ValidateNotNullOrEmpty]
    public string Every { get; set; } = "24h";

    /// <summary>How many snapshots of each volume are kept.</summary>
    [Parameter]
    public int Keep { get; set; } = 7;

    /// <summary>The time of day in UTC from which the intervals count.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? At { get; set; }

    /// <summary>The backup's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Leaves out the disks that instances boot from.</summary>
    [Parameter]
    public SwitchParameter ExcludeRoot { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        switch (ParameterSetName)
        {
            case "Instance": _instances.Add(where, Instance); break;
            case "InputObject": AddPiped(where, InputObject!); break;
            default: _volumes.Add(where, Volume); break;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _volumes.All)
            Run(stop => OfVolumesAsync(where, names, stop));
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _instances.All)
            Run(stop => OfInstancesAsync(where, names, stop));
    }

    private async Task OfVolumesAsync(SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        BackupSchedule schedule = BackupSchedule.Parse(Every, NullIfEmpty(At), Keep);
        Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
        VolumeSelection found = await new VolumeQuery(session).ResolveAsync(names, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        foreach (IReadOnlyList<Volume> some in Groups(found.Volumes))
        {
            await RegisterAsync(
                session, where, new BackupRequest(NullIfEmpty(Name) ?? VolumeFacts.NameOf(some[0]) ?? some[0].VolumeId, schedule) { Volumes = some },
                string.Join(", ", some.Select(VolumeFacts.Label)), stop).ConfigureAwait(false);
        }
    }

    private async Task OfInstancesAsync(SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        BackupSchedule schedule = BackupSchedule.Parse(Every, NullIfEmpty(At), Keep);
        Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
        InstanceSelection found = await new InstanceQuery(session).ResolveAsync(new InstanceSelector { Names = names }, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        foreach (IReadOnlyList<Instance> some in Groups(found.Instances))
        {
            await RegisterAsync(
                session, where,
                new BackupRequest(NullIfEmpty(Name) ?? InstanceFacts.NameOf(some[0]) ?? some[0].InstanceId, schedule) { Instances = some, ExcludeRoot = ExcludeRoot },
                string.Join(", ", some.Select(InstanceFacts.Label)), stop).ConfigureAwait(false);
        }
    }

    /// <summary>With a name one backup of all of them, without one a backup for each.</summary>
    private IEnumerable<IReadOnlyList<T>> Groups<T>(IReadOnlyList<T> all) =>
        all.Count > 0 && NullIfEmpty(Name) is not null ? [all] : all.Select(one => (IReadOnlyList<T>)[one]);

    private async Task RegisterAsync(Fe2Session session, SessionOptions where, BackupRequest request, string of, CancellationToken stop)
    {
        if (!await Pump.AskAsync(() => ShouldProcess(of, $"Take snapshots {request.Schedule}")).ConfigureAwait(false)) return;
        try
        {
            Backup made = await new BackupRegistration(session, Pump).RegisterAsync(request, stop).ConfigureAwait(false);
            await WriteAsync(Dressed.Backup(made, session, where)).ConfigureAwait(false);
        }
        catch (Fe2Exception failure)
        {
            await WriteErrorAsync(failure).ConfigureAwait(false);
        }
    }

    private void AddPiped(SessionOptions where, PSObject input)
    {
        switch (input.BaseObject)
        {
            case Volume volume: _volumes.Add(where, [volume.VolumeId]); break;
            case Instance instance: _instances.Add(where, [instance.InstanceId]); break;
            case string name: _volumes.Add(where, [name]); break;
            default: WriteError(StorageKind.Volume.None(input).ToErrorRecord()); break;
        }
    }
}
