using System.Management.Automation;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.TypeSearching;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Instance types that have enough of everything, the cheapest first.</summary>
[Cmdlet(VerbsCommon.Find, "Fe2InstanceType")]
[OutputType(typeof(TypeOffer))]
public sealed class FindFe2InstanceTypeCommand : RegionsCmdlet
{
    /// <summary>Virtual processors, at least.</summary>
    [Parameter]
    [ValidateRange(1, 4096)]
    public int Cpu { get; set; }

    /// <summary>Memory in GiB, at least.</summary>
    [Parameter]
    [ValidateRange(0.0, 1048576.0)]
    public double Memory { get; set; }

    /// <summary>GPUs, at least.</summary>
    [Parameter]
    [ValidateRange(0, 1024)]
    public int Gpu { get; set; }

    /// <summary>Memory of all GPUs together in GiB, at least.</summary>
    [Parameter]
    [ValidateRange(0.0, 1048576.0)]
    public double GpuMemory { get; set; }

    /// <summary>Only types with this processor.</summary>
    [Parameter]
    [ValidateSet("x86_64", "arm64")]
    public string? Architecture { get; set; }

    /// <summary>Spot prices instead of on-demand ones.</summary>
    [Parameter]
    public SwitchParameter Spot { get; set; }

    /// <summary>USD an hour, at most.</summary>
    [Parameter]
    [ValidateRange(0.0, 1000000.0)]
    public double MaxPrice { get; set; } = double.MaxValue;

    /// <summary>How many to find.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int First { get; set; } = 20;

    /// <summary>Also types that AWS calls a previous generation.</summary>
    [Parameter]
    public SwitchParameter PreviousGeneration { get; set; }

    /// <summary>Asks AWS, whatever is kept.</summary>
    [Parameter]
    public SwitchParameter Refresh { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        var request = new TypeSearchRequest
        {
            Cpu = Cpu,
            MemoryGiB = Memory,
            Gpu = Gpu,
            GpuMemoryGiB = GpuMemory,
            Architecture = Architecture,
            Spot = Spot,
            MaxPrice = MaxPrice < (double)decimal.MaxValue ? (decimal)MaxPrice : null,
            First = First,
            PreviousGeneration = PreviousGeneration,
            Refresh = Refresh,
        };
        Run(async stop =>
        {
            IReadOnlyList<Fe2Session> sessions = await OpenAllAsync(where, stop).ConfigureAwait(false);
            TypeSearchResult found = await new TypeSearch(sessions).FindAsync(request, Pump, stop).ConfigureAwait(false);
            foreach (TypeOffer offer in found.Offers)
                await WriteAsync(Dressed.Dress(offer, "Fe2Ps.TypeOffer", sessions.First(s => s.Region == offer.Region), where)).ConfigureAwait(false);
            await WriteProblemsAsync(found.Problems).ConfigureAwait(false);
        });
    }
}
