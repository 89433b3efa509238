using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an instance stand where its name or id is asked for: <c>Stop-Fe2Instance $machine</c>.</summary>
public sealed class InstanceNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => value switch
    {
        Instance instance => instance.InstanceId,
        ScriptBlock => throw new ArgumentTransformationMetadataException("A script block is no instance's name. Say which parameter it is for, as in -ScriptBlock { ... }."),
        _ => null,
    };
}
