using System.Globalization;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>The filters that one Describe operation knows: a name, and the values that an item has under it.</summary>
internal sealed class Filters<T>
    where T : class
{
    private readonly Dictionary<string, Func<T, IEnumerable<string?>>> _known = new(StringComparer.Ordinal);
    private readonly Func<T, IReadOnlyDictionary<string, string>>? _tags;

    /// <param name="tags">Where an item's tags are; without it the tag filters are unknown.</param>
    public Filters(Func<T, IReadOnlyDictionary<string, string>>? tags = null)
    {
        _tags = tags ?? (typeof(Resource).IsAssignableFrom(typeof(T)) ? item => ((Resource)(object)item).Tags : null);
        if (_tags is null)
            return;
        _known["tag-key"] = item => _tags(item).Keys;
        _known["tag-value"] = item => _tags(item).Values;
    }

    public Filters<T> One(string name, Func<T, object?> value)
    {
        _known[name] = item => [Text(value(item))];
        return this;
    }

    public Filters<T> Many(string name, Func<T, IEnumerable<object?>> values)
    {
        _known[name] = item => values(item).Select(Text);
        return this;
    }

    /// <summary>The items that every filter lets through; an item passes a filter by matching one of its values.</summary>
    public IEnumerable<T> Apply(IEnumerable<T> items, Fields input)
    {
        foreach (var filter in input.List("Filters"))
        {
            var name = filter.Text("Name") ?? throw new ApiException("InvalidParameterValue", "The filter 'null' is invalid");
            var values = filter.Strings("Values");
            if (values.Count == 0)
                throw new ApiException("InvalidParameterValue", $"The filter '{name}' must have at least one value.");
            if (values.Count > 200)
                throw new ApiException("FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200.");
            var selector = Selector(name);
            items = items.Where(item => selector(item).Any(value => value is not null && Matches(values, value)));
        }

        return items;
    }

    private static bool Matches(IReadOnlyList<string> patterns, string value)
    {
        foreach (var pattern in patterns)
        {
            if (Wildcard.IsMatch(pattern, value))
                return true;
        }

        return false;
    }

    private static string? Text(object? value) => value switch
    {
        null => null,
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => Timestamps.Iso(time),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private Func<T, IEnumerable<string?>> Selector(string name)
    {
        if (_tags is not null && name.StartsWith("tag:", StringComparison.Ordinal))
        {
            var key = name[4..];
            return item => _tags(item).TryGetValue(key, out var value) ? [value] : [];
        }

        return _known.GetValueOrDefault(name) ?? throw new ApiException("InvalidParameterValue", $"The filter '{name}' is invalid");
    }
}
