using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>
/// Lets only that be the name of something new which can be one: text, a number, or a record with a <c>Name</c>, as a row of a CSV file, or an
/// instance or image to make another like. PowerShell would make a text of anything else, and EC2 a machine of that name: of each process of
/// <c>Get-Process</c>, of each file of a folder.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NewNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is null || ObjectNameAttribute.IsText(value) || (IsOfUse(value) && HasName(inputData))
            ? inputData
            : throw new ArgumentTransformationMetadataException($"'{inputData}' is no name. Give a text, or a record with the property Name: Select-Object Name makes one.");
    }

    /// <summary>What has no namespace is a class of the user's own script.</summary>
    private static bool IsOfUse(object value) => value is PSCustomObject or Instance or Image || value.GetType().Namespace is null;

    private static bool HasName(object input) => PSObject.AsPSObject(input).Properties["Name"]?.Value is string { Length: > 0 };
}
