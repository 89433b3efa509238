using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an instance stand where an instance type is asked for: <c>Get-Fe2Instance | Get-Fe2Price</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InstanceTypeNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            Instance instance => instance.InstanceType?.Value ?? "",
            Amazon.EC2.InstanceType type => type.Value,
            IList list when list.Cast<object?>().Any(IsOurs) => list.Cast<object?>().Select(item => item is null ? null : Transform(engineIntrinsics, item)).ToArray(),
            _ => inputData,
        };
    }

    private static bool IsOurs(object? item) => (item is PSObject wrapped ? wrapped.BaseObject : item) is Instance or Amazon.EC2.InstanceType;
}
