using System.Globalization;

namespace Fe2Ps.Rehearsal;

/// <summary>What happened when, for the reader at the end.</summary>
internal sealed class Timeline(TimeProvider clock, TextWriter output)
{
    private readonly long start = clock.GetTimestamp();
    private readonly List<(string What, TimeSpan From, TimeSpan Took)> steps = [];

    public TimeSpan Elapsed => clock.GetElapsedTime(start);

    /// <summary>Runs a step and remembers how long it took.</summary>
    public async Task<T> StepAsync<T>(string what, Func<Task<T>> work)
    {
        var from = Elapsed;
        output.WriteLine($"{Stamp(from)}  {what} ...");
        var result = await work().ConfigureAwait(false);
        steps.Add((what, from, Elapsed - from));
        return result;
    }

    public Task StepAsync(string what, Func<Task> work) => StepAsync(what, async () =>
    {
        await work().ConfigureAwait(false);
        return true;
    });

    /// <summary>One line below the running step.</summary>
    public void Say(string line) => output.WriteLine($"          {line}");

    public void Print()
    {
        output.WriteLine();
        output.WriteLine("Timeline");
        var total = Math.Max(Elapsed.TotalSeconds, 0.001);
        var width = steps.Max(step => step.What.Length);
        foreach (var (what, from, took) in steps)
        {
            const int Bar = 30;
            var left = (int)(from.TotalSeconds / total * Bar);
            var length = Math.Clamp((int)Math.Round(took.TotalSeconds / total * Bar), 1, Bar - Math.Min(left, Bar - 1));
            var seconds = took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
            output.WriteLine($"{Stamp(from)}  {what.PadRight(width)}  {seconds,6} s  {new string(' ', left)}{new string('#', length)}");
        }

        output.WriteLine($"{Stamp(Elapsed)}  end");
    }

    private static string Stamp(TimeSpan at) => $"{at.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),7} s";
}
