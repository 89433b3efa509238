using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an instance stand where its name or id is asked for: <c>Stop-Fe2Instance $machine</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InstanceNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            Instance instance => instance.InstanceId,
            IList list when list.Cast<object?>().Any(IsInstance) => list.Cast<object?>().Select(item => item is null ? null : Transform(engineIntrinsics, item)).ToArray(),
            ScriptBlock => throw new ArgumentTransformationMetadataException("A script block is no instance's name. Say which parameter it is for, as in -ScriptBlock { ... }."),
            _ => inputData,
        };
    }

    private static bool IsInstance(object? item) => item is Instance or PSObject { BaseObject: Instance };
}
