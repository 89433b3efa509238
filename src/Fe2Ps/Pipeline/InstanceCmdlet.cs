using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that acts on instances, named by name, by id or as objects.</summary>
public abstract class InstanceCmdlet : InstanceActionCmdlet
{
    /// <summary>Names; wildcards select. Ids are taken too.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Ids.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public string[] InstanceId { get; set; } = [];

    /// <summary>Instances as Get-Fe2Instance gives them.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Instance")]
    [ValidateNotNullOrEmpty]
    public Instance[] Instance { get; set; } = [];

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Instance": Add([], Instance); break;
            case "Id": Add(InstanceId, []); break;
            default: Add(Name, []); break;
        }
    }
}
