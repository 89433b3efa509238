using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The data volumes of a region.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Volume", DefaultParameterSetName = "Name")]
[OutputType(typeof(Volume))]
public sealed class GetFe2VolumeCommand : Fe2Cmdlet
{
    private readonly NameBatches _volumes = new();
    private readonly NameBatches _instances = new();

    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeNameCompleter))]
    [VolumeName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] VolumeId { get; set; } = [];

    /// <summary>Only volumes of these instances.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Instance")]
    [Alias("InstanceId")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Instance { get; set; } = [];

    /// <summary>Volumes, their names, or instances whose volumes are meant, from the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    public PSObject? InputObject { get; set; }

    /// <summary>Only volumes that cost money and that nothing uses.</summary>
    [Parameter]
    public SwitchParameter Orphan { get; set; }

    /// <summary>The disks that instances boot from too.</summary>
    [Parameter]
    public SwitchParameter IncludeRoot { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        switch (ParameterSetName)
        {
            case "Id": _volumes.Add(where, VolumeId); break;
            case "Instance": _instances.Add(where, Instance); break;
            case "InputObject": AddPiped(where, InputObject!); break;
            default: _volumes.AddOrAll(where, Name); break;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _volumes.All)
            Run(async stop => await ListAsync(where, await OpenAsync(where, stop).ConfigureAwait(false), new VolumeSelector { Names = names }, stop).ConfigureAwait(false));
        foreach ((SessionOptions where, IReadOnlyList<string> names) in _instances.All)
            Run(stop => OfInstancesAsync(where, names, stop));
    }

    private async Task OfInstancesAsync(SessionOptions where, IReadOnlyList<string> names, CancellationToken stop)
    {
        Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
        InstanceSelection machines = await new InstanceQuery(session).ListAsync(new InstanceSelector { Names = names }, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in machines.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        if (machines.Instances.Count > 0)
            await ListAsync(where, session, new VolumeSelector { InstanceIds = [.. machines.Instances.Select(i => i.InstanceId)] }, stop).ConfigureAwait(false);
    }

    private async Task ListAsync(SessionOptions where, Fe2Session session, VolumeSelector selector, CancellationToken stop)
    {
        VolumeSelection found = await new VolumeQuery(session).ListAsync(selector with { Orphan = Orphan, IncludeRoot = IncludeRoot }, stop).ConfigureAwait(false);
        await Pump.DoAsync(() =>
        {
            foreach (Volume volume in found.Volumes) WriteObject(Dressed.Volume(volume, session, where));
        }).ConfigureAwait(false);
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }

    /// <summary>An instance stands for its volumes, a snapshot for the volume that it is of.</summary>
    private void AddPiped(SessionOptions where, PSObject input)
    {
        switch (input.BaseObject)
        {
            case string name: _volumes.Add(where, [name]); break;
            case Instance instance: _instances.Add(where, [instance.InstanceId]); break;
            default:
                if (input.Properties["VolumeId"]?.Value is string { Length: > 0 } volume) _volumes.Add(where, [volume]);
                else if (input.Properties["InstanceId"]?.Value is string { Length: > 0 } machine) _instances.Add(where, [machine]);
                else if (Texts.NameIn(input) is { } known) _volumes.Add(where, [known]);
                else WriteError(StorageKind.Volume.None(input).ToErrorRecord());
                break;
        }
    }
}
