using Amazon.EC2.Model;

namespace Fe2Ps.Core.Instances;

/// <summary>Which instances are meant.</summary>
public sealed record InstanceSelector
{
    /// <summary>Names, names with wildcards (<c>*</c>, <c>?</c>, <c>[abc]</c>) or ids (<c>i-...</c>); empty means all. Names keep their case, as EC2's tags do.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>States, for example <c>running</c>; empty means all but <c>terminated</c>.</summary>
    public IReadOnlyList<string> States { get; init; } = [];

    /// <summary>Further filters as EC2 knows them: <c>instance-type</c>, <c>tag:fe2:job</c>, ...</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Filters { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>What a selection found, and what it did not.</summary>
/// <param name="Instances">The instances, by name, then by launch time.</param>
/// <param name="Problems">One for each name or id that stands for nothing, or (where one was asked for) for several.</param>
public sealed record InstanceSelection(IReadOnlyList<Instance> Instances, IReadOnlyList<Fe2Exception> Problems);
