using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>
/// What the records of a pipeline name, gathered by place, so that each place is asked once. A record that names nothing means nothing:
/// only a cmdlet that looks may take it for everything, and says so.
/// </summary>
internal sealed class NameBatches
{
    private readonly List<(SessionOptions Where, List<string> Names)> _batches = [];

    /// <summary>Each place with its names, in the order in which they came.</summary>
    public IEnumerable<(SessionOptions Where, IReadOnlyList<string> Names)> All => _batches.Select(b => (b.Where, (IReadOnlyList<string>)b.Names));

    /// <summary>Adds names or ids. Without any, the place is not looked at.</summary>
    public void Add(SessionOptions where, IReadOnlyCollection<string> names)
    {
        if (names.Count > 0) AddOrAll(where, names);
    }

    /// <summary>Adds names or ids; without any, all that the place has is meant. For cmdlets that only look.</summary>
    public void AddOrAll(SessionOptions where, IReadOnlyCollection<string> names)
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
