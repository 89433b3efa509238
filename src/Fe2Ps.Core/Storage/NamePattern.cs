using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Storage;

/// <summary>Names of volumes and snapshots, sorted into ids, names and patterns.</summary>
internal sealed class NamePattern
{
    public NamePattern(IEnumerable<string> names, string idPrefix)
    {
        string[] all = [.. names.Distinct(StringComparer.Ordinal)];
        Everything = all.Length == 0 || all.Contains("*", StringComparer.Ordinal);
        Ids = [.. all.Where(n => n.StartsWith(idPrefix, StringComparison.Ordinal) && !HasWildcard(n))];
        Names = [.. all.Except(Ids)];
    }

    /// <summary>True where nothing is to be left out.</summary>
    public bool Everything { get; }

    public IReadOnlyList<string> Ids { get; }

    public IReadOnlyList<string> Names { get; }

    /// <summary>Names that must stand for something.</summary>
    public IEnumerable<string> Plain => Names.Where(n => !HasWildcard(n));

    public bool Fits(string? name) => Names.Any(n => InstanceQuery.Matches(n, name));

    public static bool HasWildcard(string name) => name.AsSpan().ContainsAny('*', '?', '[');
}
