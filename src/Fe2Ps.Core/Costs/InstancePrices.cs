using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Costs;

/// <summary>What machines cost by the hour: a few questions for all of them.</summary>
internal sealed class InstancePrices
{
    private readonly Dictionary<(string Type, string System), decimal> _onDemand = [];
    private readonly Dictionary<(string Type, string Zone), decimal> _spot = [];

    /// <summary>USD an hour while it runs, or null.</summary>
    public decimal? Of(Instance instance)
    {
        (string type, string? system) = (TypeOf(instance), BilledSystem.Of(instance));
        if (system is null)
            return null;
        if (!InstanceFacts.IsSpot(instance))
            return _onDemand.TryGetValue((type, system), out decimal usd) ? usd : null;
        return system == BilledSystem.Linux && _spot.TryGetValue((type, instance.Placement?.AvailabilityZone ?? ""), out decimal now) ? now : null;
    }

    /// <summary>Asks for the prices of machines that run. What cannot be asked for is a problem, and its prices are unknown.</summary>
    public static async Task<InstancePrices> LookUpAsync(
        Fe2Session session, IReadOnlyList<Instance> instances, IProgress<Fe2Report>? report, List<Fe2Exception> problems, CancellationToken cancellationToken)
    {
        var prices = new InstancePrices();
        Instance[] running = [.. instances.Where(CostMeter.Runs)];
        foreach (IGrouping<string?, Instance> system in running.Where(i => !InstanceFacts.IsSpot(i)).GroupBy(BilledSystem.Of))
        {
            if (system.Key is null)
                continue;
            try
            {
                PriceSelection found = await new PriceList(session).OnDemandAsync(
                    new PriceRequest { Patterns = [.. system.Select(TypeOf).Distinct(StringComparer.Ordinal)], OperatingSystem = system.Key }, report, cancellationToken).ConfigureAwait(false);
                foreach (OnDemandPrice price in found.Prices)
                    prices._onDemand[(price.InstanceType, system.Key)] = price.UsdPerHour;
                problems.AddRange(found.Problems);
            }
            catch (Fe2Exception e)
            {
                problems.Add(e);
            }
        }

        string[] spot = [.. running.Where(InstanceFacts.IsSpot).Select(TypeOf).Distinct(StringComparer.Ordinal)];
        if (spot.Length == 0)
            return prices;
        try
        {
            foreach (SpotQuote quote in await new SpotNow(session).ListAsync(spot, cancellationToken).ConfigureAwait(false))
                prices._spot[(quote.InstanceType, quote.Zone)] = quote.Usd;
        }
        catch (Fe2Exception e)
        {
            problems.Add(e);
        }

        return prices;
    }

    private static string TypeOf(Instance instance) => instance.InstanceType?.Value ?? "";
}
