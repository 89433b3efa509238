using System.Management.Automation;
using Amazon.EC2.Model;

namespace Fe2Ps.Pipeline;

/// <summary>
/// Lets only that be the name of something new which can be one: text, a number, or a record with a <c>Name</c>, as a row of a CSV file, or an
/// instance or image to make another like. PowerShell would make a text of anything else, and EC2 a machine of that name.
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
            : throw new ArgumentTransformationMetadataException($"'{inputData}' is no name. Give a text, or an object with the property Name.");
    }

    /// <summary>What this module shows of other things has names too: a volume's is no machine's.</summary>
    private static bool IsOfUse(object value) =>
        value is Instance or Image || value.GetType().Namespace is not { } space
        || !(space.StartsWith("Amazon.", StringComparison.Ordinal) || space.StartsWith("Fe2Ps.", StringComparison.Ordinal));

    private static bool HasName(object input) => PSObject.AsPSObject(input).Properties["Name"]?.Value is string { Length: > 0 };
}
