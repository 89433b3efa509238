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
        (string[] names, string[] instances) = ParameterSetName switch
        {
            "Id" => (VolumeId, []),
            "Instance" => ([], Instance),
            "InputObject" => Piped(InputObject!),
            _ => (Name, Array.Empty<string>()),
        };
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            var selector = new VolumeSelector { Names = names, Orphan = Orphan, IncludeRoot = IncludeRoot };
            if (instances.Length > 0)
            {
                InstanceSelection machines = await new InstanceQuery(session).ListAsync(new InstanceSelector { Names = instances }, stop).ConfigureAwait(false);
                foreach (Fe2Exception problem in machines.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
                if (machines.Instances.Count == 0) return;
                selector = selector with { InstanceIds = [.. machines.Instances.Select(i => i.InstanceId)] };
            }

            VolumeSelection found = await new VolumeQuery(session).ListAsync(selector, stop).ConfigureAwait(false);
            await Pump.DoAsync(() =>
            {
                foreach (Volume volume in found.Volumes) WriteObject(Dressed.Volume(volume, session, where));
            }).ConfigureAwait(false);
            foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        });
    }

    /// <summary>An instance stands for its volumes, a snapshot for the volume that it is of.</summary>
    private static (string[] Names, string[] Instances) Piped(PSObject input) => input.BaseObject switch
    {
        string name => ([name], []),
        Instance instance => ([], [instance.InstanceId]),
        _ when input.Properties["VolumeId"]?.Value is string { Length: > 0 } id => ([id], []),
        _ when input.Properties["InstanceId"]?.Value is string { Length: > 0 } id => ([], [id]),
        _ => ([$"{input}"], []),
    };
}
