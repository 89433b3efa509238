using System.Globalization;
using System.Text;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>A page of a listing, and the token of the next one.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextToken);

/// <summary>Cuts listings into pages. A token names the last item, so that what is made or removed in between neither repeats nor skips others.</summary>
internal static class Pages
{
    /// <param name="key">What tells the items apart.</param>
    /// <param name="least">The smallest MaxResults that the operation takes.</param>
    /// <param name="most">The largest one.</param>
    /// <param name="usual">How many there are without MaxResults.</param>
    public static Page<T> Cut<T>(IEnumerable<T> items, Call call, Func<T, string> key, int least = 5, int most = 1000, int usual = 1000)
    {
        var size = call.Input.Int("MaxResults") ?? usual;
        if (call.Input.Has("MaxResults") && (size < least || size > most))
            throw ApiException.BadValue(size.ToString(CultureInfo.InvariantCulture), "maxResults", $"Expecting a value between {least} and {most}.");
        var token = call.Input.Text("NextToken");
        var all = items as IReadOnlyList<T> ?? [.. items];
        var start = string.IsNullOrEmpty(token) ? 0 : Start(all, key, token, call.TokenScope);
        var page = new List<T>(Math.Min(size, all.Count));
        for (var index = start; index < all.Count && page.Count < size; index++)
            page.Add(all[index]);
        var end = start + page.Count;
        return new Page<T>(page, end < all.Count ? Token(call.TokenScope, end, key(page[^1])) : null);
    }

    private static string Token(string scope, int offset, string last) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{scope}\n{offset}\n{last}"));

    private static int Start<T>(IReadOnlyList<T> all, Func<T, string> key, string token, string scope)
    {
        string[] parts;
        try
        {
            parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('\n');
        }
        catch (FormatException)
        {
            parts = [];
        }

        if (parts.Length != 3 || parts[0] != scope || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var offset))
            throw new ApiException("InvalidNextToken", "The specified NextToken is not valid.");
        if (offset > 0 && offset <= all.Count && key(all[offset - 1]) == parts[2])
            return offset;
        for (var index = 0; index < all.Count; index++)
        {
            if (key(all[index]) == parts[2])
                return index + 1;
        }

        return Math.Min(offset, all.Count);
    }
}
