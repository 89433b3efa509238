using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Completion;

/// <summary>Names that went by anyway, kept for completion at the prompt.</summary>
internal static class InstanceNames
{
    /// <summary>Keeps the names of a whole list; a part of one says nothing about the rest.</summary>
    public static void Remember(Fe2Session session, IEnumerable<Instance> instances, bool isComplete)
    {
        if (isComplete)
            CompletionCache.Put(session, CompletionKind.InstanceName, Of(instances));
    }

    public static IReadOnlyList<string> Of(IEnumerable<Instance> instances) =>
    [
        .. instances.Where(i => !InstanceFacts.IsEnding(i)).Select(InstanceFacts.NameOf).OfType<string>()
            .Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance),
    ];
}
