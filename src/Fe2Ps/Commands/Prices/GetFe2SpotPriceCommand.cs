using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>What spot machines cost, in the last days and now.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2SpotPrice")]
[OutputType(typeof(SpotPriceSummary), typeof(SpotPriceDay))]
public sealed class GetFe2SpotPriceCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();

    /// <summary>Types, families or patterns.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Type")]
    [SupportsWildcards]
    [InstanceTypeName]
    [ArgumentCompleter(typeof(InstanceTypePatternCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceType { get; set; } = [];

    /// <summary>How many days back from now.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(1, SpotPriceHistory.MostDays)]
    public int Days { get; set; } = 3;

    /// <summary>Only these zones.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Zone { get; set; } = [];

    /// <summary>Whose price.</summary>
    [Parameter]
    [ValidateSet("Linux", "RHEL", "SUSE", "Windows")]
    public string OperatingSystem { get; set; } = "Linux";

    /// <summary>One object for each day in UTC, too.</summary>
    [Parameter]
    public SwitchParameter Daily { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _batches.Add(Where, InstanceType);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> types) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                var query = new SpotPriceQuery(types, [.. Zone], Days, OperatingSystem);
                SpotPriceSelection found = await new SpotPriceHistory(session).SelectAsync(query, Pump, stop).ConfigureAwait(false);
                foreach (SpotPriceSummary price in found.Prices)
                {
                    if (!Daily) await WriteAsync(SpotPriceView.Dress(price, session, where)).ConfigureAwait(false);
                    else foreach (SpotPriceDay day in price.Days()) await WriteAsync(SpotPriceView.Dress(day, session, where)).ConfigureAwait(false);
                }

                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
            });
        }
    }
}
