using System.Collections.Concurrent;

namespace Fe2Ps.Aws.Wire;

/// <summary>
/// The known values of one enum. Each is made when first asked for and then shared, so that an answer with ten thousand
/// states makes one object, and an enum with a thousand values costs nothing before it is used.
/// </summary>
/// <param name="known">The known values, each between two line feeds.</param>
/// <param name="make">Makes the constant of a value.</param>
internal sealed class Constants<T>(string known, Func<string, T> make)
    where T : class
{
    private readonly ConcurrentDictionary<string, T> _made = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The constant of a text: shared and in the service's own case when known, else a new one; null for null.</summary>
    public T? Find(string? value)
    {
        if (value is null) return null;
        if (_made.TryGetValue(value, out var found)) return found;
        var at = known.IndexOf("\n" + value + "\n", StringComparison.OrdinalIgnoreCase);
        return at < 0 || value.Contains('\n') ? make(value) : _made.GetOrAdd(known.Substring(at + 1, value.Length), make);
    }
}
