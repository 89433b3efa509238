using System.Globalization;

namespace Fe2Ps.Core.Charts;

/// <summary>Prices as charts write them, and the round numbers on their axes.</summary>
internal static class Money
{
    /// <summary>USD with so many decimals.</summary>
    public static string Text(decimal usd, int decimals) => "$" + usd.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>How many decimals a price needs to keep four figures, 2 to 4.</summary>
    public static int DecimalsOf(decimal usd) => usd >= 100 ? 2 : usd >= 10 ? 3 : 4;

    /// <summary>Round prices within a range: steps of 1, 2 or 5 times a power of ten, at most so many of them, lowest first.</summary>
    /// <param name="low">The lower end of the range.</param>
    /// <param name="high">The upper end, above the lower one.</param>
    /// <param name="most">How many there is room for, at least 2.</param>
    public static (IReadOnlyList<decimal> Values, int Decimals) Ticks(decimal low, decimal high, int most)
    {
        double rough = (double)(high - low) / most;
        int power = (int)Math.Floor(Math.Log10(rough));
        foreach (int factor in new[] { 1, 2, 5, 10, 20 })
        {
            decimal step = factor * (decimal)Math.Pow(10, power);
            decimal first = Math.Ceiling(low / step) * step;
            int count = (int)Math.Floor((high - first) / step) + 1;
            if (count <= most)
            {
                int decimals = Math.Clamp(-power - (factor >= 10 ? 1 : 0), 2, 6);
                return ([.. Enumerable.Range(0, Math.Max(count, 0)).Select(i => first + (i * step))], decimals);
            }
        }

        return ([low, high], 4);
    }
}
