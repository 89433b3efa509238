using System.Collections;
using System.Globalization;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>
/// A structure of a request or an answer: the model's member names with their values, in order. A value is a string, long, double,
/// bool, <see cref="DateTimeOffset"/>, byte[], <see cref="Fields"/> or a sequence of these. Null values are not kept.
/// </summary>
internal sealed class Fields : IEnumerable<KeyValuePair<string, object>>
{
    private readonly List<KeyValuePair<string, object>> _entries = [];

    public object? this[string name]
    {
        get
        {
            foreach (var entry in _entries)
            {
                if (entry.Key == name)
                    return entry.Value;
            }

            return null;
        }

        set
        {
            if (value is null)
                return;
            _entries.Add(new(name, value is int number ? (long)number : value));
        }
    }

    public int Count => _entries.Count;

    public bool Has(string name) => this[name] is not null;

    public string? Text(string name) => this[name] as string;

    public int? Int(string name) => this[name] is long value ? checked((int)value) : null;

    public bool? Bool(string name) => this[name] as bool?;

    public bool Is(string name) => this[name] is true;

    public DateTimeOffset? Time(string name) => this[name] as DateTimeOffset?;

    public byte[]? Blob(string name) => this[name] as byte[];

    public Fields? Struct(string name) => this[name] as Fields;

    public IReadOnlyList<Fields> List(string name) => this[name] is IEnumerable<object> list ? [.. list.Cast<Fields>()] : [];

    public IReadOnlyList<string> Strings(string name)
        => this[name] is IEnumerable<object> list ? [.. list.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)!)] : [];

    /// <summary>These members, and those of others that are not here; structures are filled in the same way, lists are taken whole.</summary>
    public Fields FilledBy(Fields others)
    {
        var filled = new Fields();
        foreach (var (name, value) in _entries)
            filled[name] = value is Fields mine && others[name] is Fields theirs ? mine.FilledBy(theirs) : value;
        foreach (var (name, value) in others)
        {
            if (!Has(name))
                filled[name] = value;
        }

        return filled;
    }

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A text that is equal for equal requests, whatever the order of their members; for client tokens.</summary>
    public string Canonical(params string[] except)
        => "{" + string.Join(',', _entries.Where(entry => !except.Contains(entry.Key)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => $"{entry.Key}={CanonicalValue(entry.Value)}")) + "}";

    private static string CanonicalValue(object value) => value switch
    {
        Fields fields => fields.Canonical(),
        byte[] bytes => Convert.ToBase64String(bytes),
        string text => text,
        IEnumerable list => "[" + string.Join(',', list.Cast<object>().Select(CanonicalValue)) + "]",
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
