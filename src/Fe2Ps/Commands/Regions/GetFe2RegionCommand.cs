using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The regions, found by code or by friendly name.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Region")]
[OutputType(typeof(RegionInfo))]
public sealed class GetFe2RegionCommand : Fe2Cmdlet
{
    /// <summary>A code, a friendly name, or a part of one; wildcards select.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RegionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Also those that the account has not opted in to.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        string?[] names = Name.Length > 0 ? [.. Name] : [null];
        foreach (string? name in names)
        {
            Run(async stop =>
            {
                (IReadOnlyList<RegionInfo> regions, Fe2Session? session) = await FindAsync(where, name, stop).ConfigureAwait(false);
                foreach (RegionInfo region in regions)
                    await WriteAsync(Dressed.At(region, session)).ConfigureAwait(false);
            });
        }
    }

    /// <returns>The regions, and the session that was asked; null where nobody could be.</returns>
    private async Task<(IReadOnlyList<RegionInfo> Regions, Fe2Session? Session)> FindAsync(SessionOptions where, string? name, CancellationToken stop)
    {
        try
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            return (await new RegionQuery(session).ListAsync(name, All, stop).ConfigureAwait(false), session);
        }
        catch (Fe2Exception failure) when (failure.Id == "RegionMissing" || failure.Kind is Fe2ErrorKind.Security or Fe2ErrorKind.Connection)
        {
            // Whoever looks up a region's code is often about to set up their account.
            Pump.Report(new VerboseReport($"AWS was not asked, these regions are the ones that this version knows: {failure.Message}"));
            IEnumerable<RegionName> known = name is null ? RegionCatalogue.All : RegionCatalogue.Search(name);
            RegionInfo[] found = [.. known.Select(r => new RegionInfo(r.Code, r.LongName, null, null, false))];
            return found.Length > 0 ? (found, null) : throw NotFound(name);
        }
    }

    private static Fe2Exception NotFound(string? name) => new(
        "RegionNotFound", Fe2ErrorKind.NotFound, $"There is no region '{name}'.", "Get-Fe2Region lists the regions.", name);
}
