using System.IO.Enumeration;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>
/// What people write to choose instance types. <c>m5.large</c> is that type; <c>m5</c> is the family of that very name and none that
/// merely begins so; <c>m5*</c> is every family that begins so; <c>*.large</c> and <c>p?.*</c> go by the whole name. Any case.
/// </summary>
public sealed class InstanceTypePattern
{
    private readonly string pattern;

    /// <param name="text">A type, a family, or either with the wildcards <c>*</c> and <c>?</c>.</param>
    /// <exception cref="Fe2Exception"><c>InstanceTypePatternInvalid</c> for what can be in no type's name.</exception>
    public InstanceTypePattern(string text)
    {
        Text = text;
        pattern = text.Trim().ToLowerInvariant();
        if (pattern.Length == 0 || !pattern.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '*' or '?'))
        {
            throw new Fe2Exception(
                "InstanceTypePatternInvalid", Fe2ErrorKind.InvalidArgument, $"'{text}' is no instance type, family or pattern of them.",
                "Give a type (m5.large), a family (m5), or either with wildcards (m5*, *.large).", text);
        }
    }

    /// <summary>What was written.</summary>
    public string Text { get; }

    /// <summary>The type where the pattern names exactly one, else null.</summary>
    public string? SingleType => HasWildcard || !pattern.Contains('.', StringComparison.Ordinal) ? null : pattern;

    /// <summary>The one family that the pattern is about, or null where it is about several.</summary>
    public string? Family => FamilyOf(pattern) is var family && family.AsSpan().ContainsAny("*?") ? null : family;

    /// <summary>Whether the pattern may mean several types or none, which is then no error.</summary>
    public bool HasWildcard => pattern.AsSpan().ContainsAny('*', '?');

    /// <summary>
    /// The pattern as EC2's filters on <c>instance-type</c> take it: everything that matches is let through, perhaps more, so
    /// <see cref="IsMatch"/> decides on the answer.
    /// </summary>
    public string Filter => pattern.Contains('.', StringComparison.Ordinal) || pattern.EndsWith('*') ? pattern : HasWildcard ? $"{pattern}*" : $"{pattern}.*";

    /// <summary>What stands before the dot of a type's name: <c>m5</c> of <c>m5.large</c>.</summary>
    public static string FamilyOf(string type) => type.Split('.', 2)[0];

    /// <summary>Whether the pattern means this type.</summary>
    public bool IsMatch(string type)
    {
        int dot = type.IndexOf('.', StringComparison.Ordinal);
        return FileSystemName.MatchesSimpleExpression(pattern, type)
            || (dot > 0 && FileSystemName.MatchesSimpleExpression(pattern, type.AsSpan(0, dot)));
    }

    /// <summary>The types that any of the patterns means, each once, in natural order.</summary>
    /// <param name="types">Every type there is.</param>
    /// <param name="patterns">Types, families or patterns.</param>
    /// <param name="where">Where these are the types, for the message: a region's code.</param>
    /// <exception cref="Fe2Exception"><c>InstanceTypeNotFound</c> for a pattern that means none of them, with what is near; <c>InstanceTypePatternInvalid</c>.</exception>
    public static IReadOnlyList<string> Select(IReadOnlyCollection<string> types, IEnumerable<string> patterns, string where)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (InstanceTypePattern wanted in patterns.Select(p => new InstanceTypePattern(p)))
        {
            string[] matches = [.. types.Where(wanted.IsMatch)];
            if (matches.Length == 0)
                throw wanted.NotFound(types, where);
            found.UnionWith(matches);
        }

        return [.. found.Order(NaturalOrder.Instance)];
    }

    /// <summary>The types of the session's region that any of the patterns means, each once, in natural order.</summary>
    /// <exception cref="Fe2Exception"><c>InstanceTypeNotFound</c>, <c>InstanceTypePatternInvalid</c>.</exception>
    public static Task<IReadOnlyList<string>> ResolveAsync(
        Fe2Session session, IReadOnlyList<string> patterns, CancellationToken cancellationToken = default) =>
        session.GuardAsync("find instance types", string.Join(", ", patterns), async () =>
        {
            InstanceTypePattern[] wanted = [.. patterns.Select(p => new InstanceTypePattern(p))];
            IReadOnlyList<string> offered = await OfferedAsync(session, [.. wanted.Select(p => p.Filter)], cancellationToken).ConfigureAwait(false);
            if (wanted.Any(p => !offered.Any(p.IsMatch)))
            {
                // Only whoever misses is told what is near, and that takes the whole list.
                offered = await OfferedAsync(session, [], cancellationToken).ConfigureAwait(false);
            }

            return Select(offered, patterns, session.Region);
        });

    private static async Task<IReadOnlyList<string>> OfferedAsync(Fe2Session session, string[] filters, CancellationToken cancellationToken)
    {
        var types = new List<string>();
        var request = new DescribeInstanceTypeOfferingsRequest
        {
            LocationType = LocationType.Region,
            Filters = filters.Length == 0 || filters.Contains("*") ? [] : [InstanceQuery.Filter("instance-type", filters)],
        };
        do
        {
            DescribeInstanceTypeOfferingsResponse page = await session.Ec2.DescribeInstanceTypeOfferingsAsync(request, cancellationToken).ConfigureAwait(false);
            types.AddRange(page.InstanceTypeOfferings.Select(o => o.InstanceType.Value));
            request.NextToken = page.NextToken;
        }
        while (!string.IsNullOrEmpty(request.NextToken));
        return types;
    }

    /// <summary>What to say where it means none of these types.</summary>
    internal Fe2Exception NotFound(IReadOnlyCollection<string> types, string where)
    {
        string family = pattern.Split('.')[0].TrimEnd('*', '?');
        string[] sizes = [.. types.Where(t => t.StartsWith(family + ".", StringComparison.Ordinal)).Order(NaturalOrder.Instance).Take(12)];
        string[] families = [.. types.Select(t => t.Split('.')[0]).Distinct(StringComparer.Ordinal)
            .Where(f => family.Length > 0 && (f[0] == family[0] || TypingErrors.Between(family, f) <= 2))
            .OrderBy(f => TypingErrors.Between(family, f)).ThenBy(f => f[0] == family[0] ? 0 : 1).ThenBy(f => f, NaturalOrder.Instance).Take(12)];
        return new Fe2Exception(
            "InstanceTypeNotFound", Fe2ErrorKind.NotFound, $"There is no instance type '{Text}' in {where}.",
            sizes.Length > 0 ? $"Of that family there are: {string.Join(", ", sizes)}."
            : families.Length > 0 ? $"Families with a name like it: {string.Join(", ", families)}."
            : "Press Tab in its place to see the types of this region.",
            Text);
    }
}
