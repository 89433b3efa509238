using System.IO.Enumeration;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Regions;

/// <summary>Work in several regions at once.</summary>
public static class RegionSpread
{
    /// <summary>The region to ask for the others from, where the caller has none. Every account has it.</summary>
    private const string First = "us-east-1";

    /// <summary>True for what stands for several regions: <c>*</c>, <c>us-*</c>.</summary>
    public static bool IsSpread(string? region) => region is not null && region.AsSpan().ContainsAny("*?");

    /// <summary>A session for each region of the account that the pattern means; one for a code or a name.</summary>
    /// <exception cref="Fe2Exception"><c>RegionNotFound</c>, or what opening a session can say.</exception>
    public static async Task<IReadOnlyList<Fe2Session>> OpenAsync(
        SessionOptions where, Fe2Environment? environment = null, CancellationToken cancellationToken = default)
    {
        if (!IsSpread(where.Region))
            return [await Fe2Session.OpenAsync(where, environment, cancellationToken).ConfigureAwait(false)];
        Fe2Session home = await HomeAsync(where with { Region = null }, environment, cancellationToken).ConfigureAwait(false);
        string[] codes = [.. (await CodesAsync(home, cancellationToken).ConfigureAwait(false)).Where(code => FileSystemName.MatchesSimpleExpression(where.Region, code))];
        if (codes.Length == 0)
        {
            throw new Fe2Exception(
                "RegionNotFound", Fe2ErrorKind.NotFound, $"No region of this account has a code like '{where.Region}'.",
                "Get-Fe2Region lists the regions.", where.Region);
        }

        return await Task.WhenAll(codes.Select(code => Fe2Session.OpenAsync(where with { Region = code }, environment, cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>The account's regions. Without a connection those that this version knows: what is kept of them can be used.</summary>
    private static async Task<IEnumerable<string>> CodesAsync(Fe2Session home, CancellationToken cancellationToken)
    {
        try
        {
            return (await new RegionQuery(home).ListAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).Select(r => r.Code);
        }
        catch (Fe2Exception offline) when (offline.Kind == Fe2ErrorKind.Connection)
        {
            return RegionCatalogue.All.Select(r => r.Code).Where(c => !c.StartsWith("cn-", StringComparison.Ordinal) && !c.StartsWith("us-gov-", StringComparison.Ordinal));
        }
    }

    private static async Task<Fe2Session> HomeAsync(SessionOptions where, Fe2Environment? environment, CancellationToken cancellationToken)
    {
        try
        {
            return await Fe2Session.OpenAsync(where, environment, cancellationToken).ConfigureAwait(false);
        }
        catch (Fe2Exception missing) when (missing.Id == "RegionMissing")
        {
            return await Fe2Session.OpenAsync(where with { Region = First }, environment, cancellationToken).ConfigureAwait(false);
        }
    }
}
