using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>
/// What a pipeline has named so far, apart for each place to work in. Instances that came as objects need no question to
/// EC2; names and ids are asked for together, once.
/// </summary>
internal sealed class InstanceBatches
{
    private readonly List<InstanceBatch> _batches = [];

    /// <summary>The batches in the order in which their places first appeared.</summary>
    public IReadOnlyList<InstanceBatch> All => _batches;

    /// <summary>Adds what one record names. Where that is nothing, the place is not looked at.</summary>
    public void Add(SessionOptions where, IReadOnlyCollection<string> names, IReadOnlyCollection<Instance> instances)
    {
        if (names.Count > 0 || instances.Count > 0) Put(where, names, instances);
    }

    /// <summary>Adds names or ids; without any, all that the place has is meant. For cmdlets that only look.</summary>
    public void AddOrAll(SessionOptions where, IReadOnlyCollection<string> names) => Put(where, names, []);

    private void Put(SessionOptions where, IReadOnlyCollection<string> names, IReadOnlyCollection<Instance> instances)
    {
        InstanceBatch? batch = _batches.Find(b => b.Where == where);
        if (batch is null) _batches.Add(batch = new InstanceBatch(where));
        batch.Names.AddRange(names);
        batch.Instances.AddRange(instances);
    }
}

/// <summary>What is named in one place.</summary>
internal sealed class InstanceBatch(SessionOptions where)
{
    public SessionOptions Where { get; } = where;

    public List<string> Names { get; } = [];

    public List<Instance> Instances { get; } = [];
}
