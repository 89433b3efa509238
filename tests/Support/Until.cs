using System.Diagnostics;
using Xunit;

namespace Fe2Ps.Tests.Support;

/// <summary>The one way in which these tests wait: for a condition, with a deadline.</summary>
internal static class Until
{
    public static Task TrueAsync(Func<bool> condition, string what, int seconds = 30) =>
        TrueAsync(() => Task.FromResult(condition()), what, seconds);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, int seconds = 30)
    {
        var clock = Stopwatch.StartNew();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"Not within {seconds} s: {what}");
            await pace.WaitForNextTickAsync();
        }
    }
}
