using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The instances of a region.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Instance", DefaultParameterSetName = "Name")]
[OutputType(typeof(Instance))]
public sealed class GetFe2InstanceCommand : Fe2Cmdlet
{
    private readonly InstanceBatches _batches = new();

    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Only instances in these states; without it, all but the terminated ones.</summary>
    [Parameter]
    [ValidateSet("pending", "running", "stopping", "stopped", "shutting-down", "terminated")]
    [ValidateNotNullOrEmpty]
    public string[] State { get; set; } = [];

    /// <summary>EC2's own filters: @{ 'instance-type' = 'm5.*' }.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public Hashtable? Filter { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _batches.AddOrAll(Where, ParameterSetName == "Id" ? InstanceId : Name);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (InstanceBatch batch in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(batch.Where, stop).ConfigureAwait(false);
                InstanceSelection found = await new InstanceQuery(session).ListAsync(
                    new InstanceSelector { Names = batch.Names, States = State, Filters = Filters() }, stop).ConfigureAwait(false);
                await Pump.DoAsync(() =>
                {
                    foreach (Instance instance in found.Instances) WriteObject(Dressed.Instance(instance, session, batch.Where));
                }).ConfigureAwait(false);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
            });
        }
    }

    private Dictionary<string, IReadOnlyList<string>> Filters()
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (Filter is null) return filters;
        foreach (DictionaryEntry entry in Filter)
        {
            IEnumerable<object?> values = entry.Value is IEnumerable list and not string ? list.Cast<object?>() : [entry.Value];
            filters[$"{entry.Key}"] = [.. values.Select(v => LanguagePrimitives.ConvertTo<string>(v))];
        }

        return filters;
    }
}
