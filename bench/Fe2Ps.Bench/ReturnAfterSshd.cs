using System.Diagnostics;
using Amazon.EC2.Model;

namespace Fe2Ps.Bench;

/// <summary>How long after sshd's first greeting the launch of a machine returns, by a clock of the bench's own.</summary>
internal static class ReturnAfterSshd
{
    private const int Launches = 10;
    private const string Median = "New-Fe2Instance returns after sshd first answers, median of 10 launches";
    private const string Worst = "New-Fe2Instance returns after sshd first answers, worst of 10 launches";

    public static Measurement Measurement { get; } = new([Median, Worst], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var delays = new List<double>();
        for (var i = 0; i < Launches; i++)
        {
            var name = $"ready-{i}";
            using var probing = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var answered = AnsweredAtAsync(cloud, name, probing.Token);
            var launched = await LaunchAsync(cloud, name, probing).ConfigureAwait(false);
            var returned = Stopwatch.GetTimestamp();
            delays.Add(Stopwatch.GetElapsedTime(await answered.ConfigureAwait(false), returned).TotalSeconds);
            await cloud.RemoveAsync(launched, cancel).ConfigureAwait(false);
        }

        var sample = new Sample(delays);
        table.Limit(Median, sample.Median, "s", 0.5);
        table.Limit(Worst, sample.Worst, "s", 1);
    }

    /// <summary>A launch that fails ends the probing.</summary>
    private static async Task<IReadOnlyList<Instance>> LaunchAsync(LocalCloud cloud, string name, CancellationTokenSource probing)
    {
        try
        {
            return await cloud.LaunchAsync(name, 1, probing.Token).ConfigureAwait(false);
        }
        catch
        {
            await probing.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The moment of the first greeting, asked for every few milliseconds from the moment the instance has an address.</summary>
    private static async Task<long> AnsweredAtAsync(LocalCloud cloud, string name, CancellationToken cancel)
    {
        using var turn = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        string? address = null;
        while (await turn.WaitForNextTickAsync(cancel).ConfigureAwait(false))
        {
            address ??= await cloud.AddressAsync(name, cancel).ConfigureAwait(false);
            if (address is not null && await Greeting.ComesAsync(address, cancel).ConfigureAwait(false)) break;
        }

        return Stopwatch.GetTimestamp();
    }
}
