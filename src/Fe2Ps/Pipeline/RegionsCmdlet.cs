using Fe2Ps.Core;
using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet whose <c>-Region</c> may stand for several: <c>*</c>, <c>us-*</c>.</summary>
public abstract class RegionsCmdlet : Fe2Cmdlet
{
    /// <summary>A session for each region; -Debug says where each setting came from.</summary>
    private protected async Task<IReadOnlyList<Fe2Session>> OpenAllAsync(SessionOptions where, CancellationToken stop) =>
        RegionSpread.IsSpread(where.Region)
            ? await RegionSpread.OpenAsync(where, null, stop).ConfigureAwait(false)
            : [await OpenAsync(where, stop).ConfigureAwait(false)];

    /// <summary>Hands problems on as errors of their records.</summary>
    private protected async Task WriteProblemsAsync(IEnumerable<Fe2Exception> problems)
    {
        foreach (Fe2Exception problem in problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }
}
