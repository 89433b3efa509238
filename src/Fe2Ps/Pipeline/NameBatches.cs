using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>What the records of a pipeline name, gathered by place, so that each place is asked once.</summary>
internal sealed class NameBatches
{
    private readonly List<(SessionOptions Where, List<string> Names)> _batches = [];

    /// <summary>Each place with its names, in the order in which they came.</summary>
    public IEnumerable<(SessionOptions Where, IReadOnlyList<string> Names)> All => _batches.Select(b => (b.Where, (IReadOnlyList<string>)b.Names));

    /// <summary>Adds names or ids.</summary>
    public void Add(SessionOptions where, IEnumerable<string> names)
    {
        int index = _batches.FindIndex(b => b.Where == where);
        if (index < 0)
        {
            index = _batches.Count;
            _batches.Add((where, []));
        }

        _batches[index].Names.AddRange(names);
    }
}
