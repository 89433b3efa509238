using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Commands;

/// <summary>What a command line, or a pipeline, has named to be copied.</summary>
internal sealed class CopySources
{
    public List<CopyItem> Local { get; } = [];

    public List<CopyPath> Remote { get; } = [];

    /// <summary>Whether a wildcard found local items: their number is then no sign of what is meant.</summary>
    public bool HasPattern { get; set; }

    public bool IsEmpty => Local.Count == 0 && Remote.Count == 0;
}

/// <summary>One copy with one machine, or from one to another.</summary>
/// <param name="Source">Where from, for messages.</param>
/// <param name="Destination">Where to, for messages.</param>
/// <param name="RunAsync">Does it.</param>
internal sealed record CopyErrand(string Source, string Destination, Func<CancellationToken, Task<CopyResult>> RunAsync);

/// <summary>Machines by name, each name asked for once.</summary>
internal sealed class MachineNames(Fe2Session session)
{
    private readonly Dictionary<string, InstanceSelection> _known = new(StringComparer.Ordinal);

    public async Task<InstanceSelection> FindAsync(string name, CancellationToken stop)
    {
        if (_known.TryGetValue(name, out InstanceSelection? known)) return known with { Problems = [] };
        return _known[name] = await new InstanceQuery(session).ResolveAsync(new InstanceSelector { Names = [name] }, stop).ConfigureAwait(false);
    }
}

/// <summary>From sources and destinations to single copies.</summary>
internal sealed class CopyErrands(FileCopy copy, MachineNames machines, CopySources sources)
{
    private readonly List<CopyErrand> _all = [];

    public IReadOnlyList<CopyErrand> All => _all;

    /// <summary>Adds the copies for one destination; returns what cannot be done.</summary>
    public async Task<IReadOnlyList<Fe2Exception>> AddAsync(string text, CopyPath destination, CancellationToken stop)
    {
        var problems = new List<Fe2Exception>();
        List<(Instance Machine, List<string> Paths)> from = await SourcesAsync(problems, stop).ConfigureAwait(false);
        // Files of the same name from several machines each need a folder of their own.
        bool apart = from.Count > 1 || sources.Remote.Any(p => p.IsPattern);
        IReadOnlyDictionary<string, string> folders = MachineFileNames.For([.. from.Select(f => f.Machine)]);
        string EndOf(Instance machine) => apart ? Below(destination.Path, folders[machine.InstanceId]) : destination.Path;
        if (destination.Machine is null)
        {
            if (sources.Local.Count > 0) problems.Add(CopyErrors.NoMachine(sources.Local[0].Path, text));
            foreach ((Instance machine, List<string> paths) in from)
            {
                string end = EndOf(machine);
                _all.Add(new CopyErrand(Text(machine, paths), end, stop => copy.ReceiveAsync(machine, paths, apart, end, stop)));
            }

            return problems;
        }

        InstanceSelection to = await machines.FindAsync(destination.Machine, stop).ConfigureAwait(false);
        problems.AddRange(to.Problems);
        foreach (Instance target in to.Instances)
        {
            string named = $"{Name(target)}:{destination.Path}";
            if (sources.Local.Count > 0)
            {
                _all.Add(new CopyErrand(string.Join(", ", sources.Local.Select(i => i.Path)), named,
                    stop => copy.SendAsync(target, sources.Local, sources.HasPattern, destination.Path, stop)));
            }

            foreach ((Instance machine, List<string> paths) in from)
            {
                string end = EndOf(machine);
                _all.Add(new CopyErrand(Text(machine, paths), $"{Name(target)}:{end}", stop => copy.CarryAsync(machine, paths, target, apart, end, stop)));
            }
        }

        return problems;
    }

    private async Task<List<(Instance Machine, List<string> Paths)>> SourcesAsync(List<Fe2Exception> problems, CancellationToken stop)
    {
        var found = new List<(Instance Machine, List<string> Paths)>();
        foreach (CopyPath path in sources.Remote)
        {
            InstanceSelection selected = await machines.FindAsync(path.Machine!, stop).ConfigureAwait(false);
            problems.AddRange(selected.Problems);
            foreach (Instance instance in selected.Instances)
            {
                int at = found.FindIndex(f => f.Machine.InstanceId == instance.InstanceId);
                if (at < 0) found.Add((instance, [path.Path]));
                else found[at].Paths.Add(path.Path);
            }
        }

        return found;
    }

    private static string Below(string folder, string name) => (folder.Length == 0 ? "" : folder.TrimEnd('/') + "/") + name + "/";

    private static string Text(Instance machine, List<string> paths) => string.Join(", ", paths.Select(p => $"{Name(machine)}:{p}"));

    private static string Name(Instance instance) => InstanceFacts.NameOf(instance) ?? instance.InstanceId;
}
