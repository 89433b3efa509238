using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Groups;

/// <summary>The types that a group chooses from must all run one image.</summary>
internal sealed class GroupTypes(Fe2Session session)
{
    /// <exception cref="Fe2Exception"><c>InstanceTypeNotFound</c>, <c>TypesDiffer</c>.</exception>
    public async Task CheckAsync(IReadOnlyList<string> types, CancellationToken cancellationToken)
    {
        var known = new InstanceTypes(session);
        InstanceTypeInfo[] all = await Task.WhenAll(types.Select(t => known.GetAsync(t, cancellationToken))).ConfigureAwait(false);
        string[] architectures = [.. all.Select(InstanceTypes.ArchitectureOf)];
        if (architectures.Distinct(StringComparer.Ordinal).Count() > 1)
        {
            throw GroupErrors.Invalid(
                "TypesDiffer", $"No image runs on all of these types: {string.Join(", ", types.Zip(architectures, (t, a) => $"{t} is {a}"))}.",
                "Give types of one architecture.", types[0]);
        }
    }
}
