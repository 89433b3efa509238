namespace Fe2Ps.Core.Sessions;

/// <summary>How long to wait between two questions: short at first, longer later, so that a long wait costs few calls.</summary>
/// <param name="First">The first pause.</param>
/// <param name="Growth">By what each pause is longer than the one before, 1 or more.</param>
/// <param name="Longest">The longest pause.</param>
internal sealed record PollingPace(TimeSpan First, double Growth, TimeSpan Longest)
{
    public static PollingPace Default { get; } = new(TimeSpan.FromMilliseconds(500), 1.15, TimeSpan.FromSeconds(5));

    /// <summary>The pause after question n, counted from 0.</summary>
    public TimeSpan After(int n)
    {
        double factor = Math.Pow(Growth, Math.Min(n, 100));
        return TimeSpan.FromMilliseconds(Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * factor));
    }

    public Task WaitAsync(int n, TimeProvider clock, CancellationToken cancellationToken) =>
        Task.Delay(After(n), clock, cancellationToken);
}
