using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an image stand where its name or id is asked for: <c>Remove-Fe2Ami $image</c>. Another thing's <c>ImageId</c> never stands for it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            Image image => image.ImageId,
            Instance instance => throw new ArgumentTransformationMetadataException(
                $"The instance {instance.InstanceId} is no image. Give the image's name or id, or what Get-Fe2Ami gives."),
            IList list => list.Cast<object?>().Select(item => item is null ? null : Transform(engineIntrinsics, item)).ToArray(),
            _ => inputData,
        };
    }
}
