using System.Globalization;

namespace Fe2Ps.Core.Costs;

/// <summary>The verdict that a scheduled script acts on.</summary>
public static class CostBudget
{
    /// <summary>What is missing in the sum although its price is known, in a sentence; null where nothing is.</summary>
    public static string? Unsaid(IReadOnlyCollection<CostItem> items)
    {
        CostItem[] missing = [.. items.Where(i => i.UsdPerHour is not null && i.UsdSoFar is null)];
        return missing.Length == 0 ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Not in the sum, since EC2 does not say since when they cost: {string.Join(", ", missing.Take(5).Select(i => i.Description))}{(missing.Length > 5 ? $" and {missing.Length - 5} more" : "")}, ${missing.Sum(i => i.UsdPerHour):0.####} an hour. -Since counts them from that time on.");
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

        if (withoutPrice == 0 && wasWhole)
            return null;
        return new Fe2Exception(
            "BudgetUnknown", Fe2ErrorKind.OperationFailed,
            withoutPrice > 0
                ? $"Whether the budget is kept cannot be said: of {withoutPrice} things no price is known."
                : "Whether the budget is kept cannot be said: not everything could be looked at.",
            "The errors before this one say why; Get-Fe2Cost shows what is without a price.", total);
    }
}
