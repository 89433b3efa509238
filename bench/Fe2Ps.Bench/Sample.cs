namespace Fe2Ps.Bench;

/// <summary>A set of measured values and what is worth quoting of it.</summary>
internal sealed class Sample(IEnumerable<double> values)
{
    private readonly double[] sorted = [.. values.Order()];

    /// <summary>One number of each of many things.</summary>
    public static Sample Of<T>(IEnumerable<T> things, Func<T, double> number) => new(things.Select(number));

    public int Count => sorted.Length;

    public double Median => Quantile(0.5);

    public double Worst => sorted[^1];

    /// <summary>The value that a share of the sample does not exceed (nearest rank).</summary>
    public double Quantile(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    /// <summary>The share of the sample that does not exceed a limit, 0 to 1.</summary>
    public double ShareWithin(double limit) => sorted.Count(value => value <= limit) / (double)sorted.Length;
}
