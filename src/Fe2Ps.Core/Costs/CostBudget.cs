using System.Globalization;

namespace Fe2Ps.Core.Costs;

/// <summary>The verdict that a scheduled script acts on.</summary>
public static class CostBudget
{
    private const int MostNamed = 5;

    /// <summary>What is missing in the sum although its price is known, a sentence for each reason; empty where nothing is.</summary>
    public static IReadOnlyList<string> Unsaid(IReadOnlyCollection<CostItem> items)
    {
        List<string> said = [];
        CostItem[] missing = [.. items.Where(i => i.UsdPerHour is not null && i.UsdSoFar is null)];
        if (missing.Length > 0)
        {
            said.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Not in the sum, since EC2 does not say since when they cost: {Named(missing.Select(i => i.Description))}, ${missing.Sum(i => i.UsdPerHour):0.####} an hour. -Since counts them from that time on."));
        }

        CostItem[] atLeast = [.. items.Where(i => i.UsdSoFarAtMost is not null)];
        if (atLeast.Length > 0)
        {
            said.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"In the sum only since their last start, since EC2 does not say how long they ran before: {Named(atLeast.Select(i => i.Name ?? i.Id).Distinct())}. That may be ${atLeast.Sum(i => i.UsdSoFarAtMost - i.UsdSoFar):0.####} more at most."));
        }

        return said;
    }

    /// <summary>Compares what was spent so far with a budget.</summary>
    /// <param name="total">The sum of everything that was looked at.</param>
    /// <param name="budget">USD.</param>
    /// <param name="withoutPrice">How many things have no known price.</param>
    /// <param name="wasWhole">False where something could not be looked at.</param>
    /// <returns><c>BudgetExceeded</c>; <c>BudgetUnknown</c> where nobody can say that it is kept; null where it is.</returns>
    public static Fe2Exception? Judge(CostSum total, decimal budget, int withoutPrice, bool wasWhole)
    {
        if (total.UsdSoFar > budget)
        {
            return new Fe2Exception(
                "BudgetExceeded", Fe2ErrorKind.Capacity,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(total.IsEstimate ? "About " : "")}${total.UsdSoFar:0.00##} so far is over the budget of ${budget:0.00##}; it grows by ${total.UsdPerHour:0.####} an hour."),
                "Stop what costs most: Get-Fe2Cost -GroupBy Name, then Stop-Fe2Instance or Remove-Fe2Instance.", total);
        }

        string? why = withoutPrice > 0 ? $"of {withoutPrice} things no price is known"
            : !wasWhole ? "not everything could be looked at"
            : total.UsdSoFarAtMost > budget ? string.Create(
                CultureInfo.InvariantCulture,
                $"${total.UsdSoFar:0.00##} so far is the least, and ${total.UsdSoFarAtMost:0.00##} the most, since EC2 does not say how long machines ran before their last start")
            : null;
        return why is null ? null : new Fe2Exception(
            "BudgetUnknown", Fe2ErrorKind.OperationFailed, $"Whether the budget of ${budget.ToString("0.00##", CultureInfo.InvariantCulture)} is kept cannot be said: {why}.",
            "The errors and warnings before this one say more; Get-Fe2Cost shows what is without a price.", total);
    }

    private static string Named(IEnumerable<string> all)
    {
        string[] names = [.. all];
        return $"{string.Join(", ", names.Take(MostNamed))}{(names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "")}";
    }
}
