using System.IO.Enumeration;
using Amazon;

namespace Fe2Ps.Core.Regions;

/// <summary>
/// The regions by code and by name, known without any network.
/// Source: the endpoints file that AWS publishes with its SDKs; regions that AWSSDK.Core knows and this table does not are accepted too.
/// </summary>
public static class RegionCatalogue
{
    /// <summary>Every region that this version knows, by code.</summary>
    public static IReadOnlyList<RegionName> All { get; } =
    [
        new("af-south-1", "Africa (Cape Town)"),
        new("ap-east-1", "Asia Pacific (Hong Kong)"),
        new("ap-east-2", "Asia Pacific (Taipei)"),
        new("ap-northeast-1", "Asia Pacific (Tokyo)"),
        new("ap-northeast-2", "Asia Pacific (Seoul)"),
        new("ap-northeast-3", "Asia Pacific (Osaka)"),
        new("ap-south-1", "Asia Pacific (Mumbai)"),
        new("ap-south-2", "Asia Pacific (Hyderabad)"),
        new("ap-southeast-1", "Asia Pacific (Singapore)"),
        new("ap-southeast-2", "Asia Pacific (Sydney)"),
        new("ap-southeast-3", "Asia Pacific (Jakarta)"),
        new("ap-southeast-4", "Asia Pacific (Melbourne)"),
        new("ap-southeast-5", "Asia Pacific (Malaysia)"),
        new("ap-southeast-6", "Asia Pacific (New Zealand)"),
        new("ap-southeast-7", "Asia Pacific (Thailand)"),
        new("ca-central-1", "Canada (Central)"),
        new("ca-west-1", "Canada West (Calgary)"),
        new("eu-central-1", "Europe (Frankfurt)"),
        new("eu-central-2", "Europe (Zurich)"),
        new("eu-north-1", "Europe (Stockholm)"),
        new("eu-south-1", "Europe (Milan)"),
        new("eu-south-2", "Europe (Spain)"),
        new("eu-west-1", "Europe (Ireland)"),
        new("eu-west-2", "Europe (London)"),
        new("eu-west-3", "Europe (Paris)"),
        new("il-central-1", "Israel (Tel Aviv)"),
        new("me-central-1", "Middle East (UAE)"),
        new("me-south-1", "Middle East (Bahrain)"),
        new("mx-central-1", "Mexico (Central)"),
        new("sa-east-1", "South America (Sao Paulo)"),
        new("us-east-1", "US East (N. Virginia)"),
        new("us-east-2", "US East (Ohio)"),
        new("us-west-1", "US West (N. California)"),
        new("us-west-2", "US West (Oregon)"),
        new("cn-north-1", "China (Beijing)"),
        new("cn-northwest-1", "China (Ningxia)"),
        new("us-gov-east-1", "AWS GovCloud (US-East)"),
        new("us-gov-west-1", "AWS GovCloud (US-West)"),
        new("eusc-de-east-1", "AWS European Sovereign Cloud (Germany)"),
    ];

    /// <summary>The name for a code; the code itself where it is not known.</summary>
    public static string LongNameOf(string code) => Find(code)?.LongName ?? code;

    /// <summary>Turns what people write into a code: <c>us-east-2</c>, <c>ohio</c>, <c>Seoul</c>, or any part of a name that means one region.</summary>
    /// <exception cref="Fe2Exception"><c>RegionNotFound</c> or <c>RegionAmbiguous</c>, with the regions to choose from.</exception>
    public static string Resolve(string text)
    {
        IReadOnlyList<RegionName> found = Search(text);
        return found.Count switch
        {
            1 => found[0].Code,
            0 => throw new Fe2Exception(
                "RegionNotFound", Fe2ErrorKind.NotFound,
                $"There is no region '{text}'.",
                $"Get-Fe2Region lists the regions{Nearest(text)}.", text),
            _ => throw new Fe2Exception(
                "RegionAmbiguous", Fe2ErrorKind.Ambiguous,
                $"'{text}' can mean {found.Count} regions: {string.Join(", ", found.Select(r => $"{r.Code} {r.LongName}"))}.",
                "Give the code of one of them.", text),
        };
    }

    /// <summary>The regions that the text can mean: all that fit its wildcards, else the closest kind of match only: code, place, start of a word, any part.</summary>
    public static IReadOnlyList<RegionName> Search(string text)
    {
        string wanted = text.Trim();
        if (wanted.Length == 0)
            return [];
        if (Find(wanted) is { } exact)
            return [exact];
        if (wanted.AsSpan().ContainsAny('*', '?'))
            return [.. All.Where(r => Fits(wanted, r.Code) || Fits(wanted, r.Place) || Fits(wanted, r.LongName))];

        foreach (Func<RegionName, bool> matches in new Func<RegionName, bool>[]
        {
            r => Same(r.Place, wanted) || Same(r.LongName, wanted),
            r => r.LongName.Split([' ', '(', ')', '.', '-'], StringSplitOptions.RemoveEmptyEntries)
                .Any(word => word.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)),
            r => r.LongName.Contains(wanted, StringComparison.OrdinalIgnoreCase)
                || r.Code.Contains(wanted, StringComparison.OrdinalIgnoreCase),
        })
        {
            RegionName[] found = [.. All.Where(matches)];
            if (found.Length > 0)
                return found;
        }

        return [];
    }

    private static RegionName? Find(string code)
    {
        if (All.FirstOrDefault(r => Same(r.Code, code)) is { } known)
            return known;
        RegionEndpoint? newer = RegionEndpoint.EnumerableAllRegions.FirstOrDefault(r => Same(r.SystemName, code));
        return newer is null ? null : new RegionName(newer.SystemName, newer.DisplayName);
    }

    private static string Nearest(string text)
    {
        // A code with one wrong part is the usual mistake, so regions of the same country or continent come first.
        int dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0)
            return "";
        string[] near = [.. All.Where(r => r.Code.StartsWith(text[..dash], StringComparison.OrdinalIgnoreCase)).Select(r => r.Code).Take(8)];
        return near.Length == 0 ? "" : $"; near it: {string.Join(", ", near)}";
    }

    private static bool Fits(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text);

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
