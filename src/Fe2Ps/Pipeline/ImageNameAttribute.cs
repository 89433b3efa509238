using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets an image stand where its name or id is asked for: <c>Remove-Fe2Ami $image</c>. Another thing's <c>ImageId</c> never stands for it.</summary>
public sealed class ImageNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => value switch
    {
        Image image => image.ImageId,
        Instance instance => throw new ArgumentTransformationMetadataException(
            $"The instance {instance.InstanceId} is no image. Give the image's name or id, or what Get-Fe2Ami gives."),
        _ => null,
    };
}
