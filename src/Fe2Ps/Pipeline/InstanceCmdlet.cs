using System.Management.Automation;
using Fe2Ps.Completion;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that acts on instances, named by name, by id or as objects.</summary>
public abstract class InstanceCmdlet : InstanceActionCmdlet
{
    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Instances as Get-Fe2Instance gives them, or names.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Instance")]
    [ValidateNotNullOrEmpty]
    public PSObject[] Instance { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Instance": Array.ForEach(Instance, AddPiped); break;
            case "Id": Add(InstanceId, []); break;
            default: Add(Name, []); break;
        }
    }
}
