using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Storage;

/// <summary>
/// Names sorted into ids, names and patterns. Whoever looks may leave the names out and means everything; whoever changes something
/// must name it, everything too: <c>*</c>.
/// </summary>
internal sealed class NamePattern
{
    private NamePattern(IEnumerable<string> names, string idPrefix, bool noneIsAll)
    {
        string[] all = [.. names.Distinct(StringComparer.Ordinal)];
        Everything = (noneIsAll && all.Length == 0) || all.Contains("*", StringComparer.Ordinal);
        Ids = [.. all.Where(n => n.StartsWith(idPrefix, StringComparison.Ordinal) && !HasWildcard(n))];
        Names = [.. all.Except(Ids)];
    }

    /// <summary>What is to be shown: without names, everything.</summary>
    public static NamePattern ToShow(IEnumerable<string> names, string idPrefix) => new(names, idPrefix, noneIsAll: true);

    /// <summary>What is to be acted on: without names, nothing.</summary>
    public static NamePattern ToActOn(IEnumerable<string> names, string idPrefix) => new(names, idPrefix, noneIsAll: false);

    /// <summary>True where nothing is to be left out.</summary>
    public bool Everything { get; }

    public IReadOnlyList<string> Ids { get; }

    public IReadOnlyList<string> Names { get; }

    /// <summary>Names that must stand for something.</summary>
    public IEnumerable<string> Plain => Names.Where(n => !HasWildcard(n));

    public bool Fits(string? name) => Names.Any(n => InstanceQuery.Matches(n, name));

    public static bool HasWildcard(string name) => name.AsSpan().ContainsAny('*', '?', '[');
}
