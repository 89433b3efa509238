using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>What instance types cost on demand.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Price")]
[OutputType(typeof(OnDemandPrice))]
public sealed class GetFe2PriceCommand : RegionsCmdlet
{
    private const int RegionsAtOnce = 4;
    private readonly Dictionary<SessionOptions, List<string>> _asked = [];

    /// <summary>Families, types, wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [InstanceTypeName]
    [ArgumentCompleter(typeof(InstanceTypePatternCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The operating system whose licence the price includes.</summary>
    [Parameter]
    [ValidateSet("Linux", "Windows", "RHEL", "SUSE", "Ubuntu Pro")]
    public string OperatingSystem { get; set; } = "Linux";

    /// <summary>Asks AWS, whatever is kept.</summary>
    [Parameter]
    public SwitchParameter Refresh { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        if (!_asked.TryGetValue(where, out List<string>? patterns)) _asked[where] = patterns = [];
        patterns.AddRange(InstanceType.Length > 0 ? InstanceType : ["*"]);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, List<string> patterns) in _asked)
        {
            Run(async stop =>
            {
                var request = new PriceRequest { Patterns = [.. patterns.Distinct(StringComparer.OrdinalIgnoreCase)], OperatingSystem = OperatingSystem, Refresh = Refresh };
                foreach (Fe2Session[] some in (await OpenAllAsync(where, stop).ConfigureAwait(false)).Chunk(RegionsAtOnce))
                {
                    PriceSelection[] found = await Task.WhenAll(some.Select(session => AskAsync(session, request, some.Length, stop))).ConfigureAwait(false);
                    for (int i = 0; i < some.Length; i++)
                    {
                        foreach (OnDemandPrice price in found[i].Prices) await WriteAsync(Dressed.Dress(price, "Fe2Ps.Price", some[i], where)).ConfigureAwait(false);
                        await WriteProblemsAsync(found[i].Problems).ConfigureAwait(false);
                    }
                }
            });
        }
    }

    private async Task<PriceSelection> AskAsync(Fe2Session session, PriceRequest request, int regions, CancellationToken stop)
    {
        try
        {
            return await new PriceList(session).OnDemandAsync(request, Pump, stop).ConfigureAwait(false);
        }
        catch (Fe2Exception failure) when (regions > 1)
        {
            // One region's failure leaves the others.
            return new PriceSelection([], [failure]);
        }
    }
}
