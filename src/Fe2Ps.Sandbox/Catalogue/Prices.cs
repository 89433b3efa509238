using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Sandbox.Catalogue;

/// <summary>One entry of the spot price history: the price that holds from this time on.</summary>
internal sealed record SpotPoint(DateTimeOffset Time, double Price);

/// <summary>What things cost: on demand by the catalogue, spot by a seeded generator that gives every sandbox the same history.</summary>
internal static class Prices
{
    private static readonly DateTimeOffset s_epoch = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Dollars per hour, Linux on demand.</summary>
    public static double OnDemand(TypeFacts type, RegionFacts region) => Math.Round(type.Price * region.PriceFactor, 4);

    /// <summary>How dollars are written in answers about spot prices.</summary>
    public static string Write(double price) => price.ToString("0.000000", CultureInfo.InvariantCulture);

    /// <summary>The spot price at a time: the last change before it.</summary>
    public static double Spot(TypeFacts type, RegionFacts region, string zone, DateTimeOffset time)
        => History(type, region, zone, time, time)[0].Price;

    /// <summary>The changes between two times, newest first, and the last one before them, since that is the price at the start.</summary>
    /// <param name="changesADay">How often the price changes each day; 0 for one to four times.</param>
    public static IReadOnlyList<SpotPoint> History(
        TypeFacts type, RegionFacts region, string zone, DateTimeOffset from, DateTimeOffset to, int changesADay = 0)
    {
        var seed = BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{type.Name} {zone}")));
        var points = new List<SpotPoint>();
        for (var day = Day(to); day >= Day(from) - 1; day--)
        {
            foreach (var point in OfDay(type, region, seed, day, changesADay).Reverse())
            {
                if (point.Time > to)
                    continue;
                points.Add(point);
                if (point.Time <= from)
                    return points;
            }
        }

        return points;
    }

    private static int Day(DateTimeOffset time) => (int)Math.Floor((time - s_epoch).TotalDays);

    private static IEnumerable<SpotPoint> OfDay(TypeFacts type, RegionFacts region, ulong seed, int day, int changesADay)
    {
        var roll = new Roll(seed ^ ((ulong)(uint)day * 0x9E3779B97F4A7C15));
        var usual = 1 + (int)(roll.Next() * 4);
        var changes = changesADay > 0 ? changesADay : usual;
        var length = TimeSpan.TicksPerDay / changes;
        for (var index = 0; index < changes; index++)
        {
            var ticks = (index * length) + (long)(roll.Next() * length);
            var time = s_epoch.AddDays(day).AddTicks(ticks - (ticks % TimeSpan.TicksPerSecond));

            // Every zone and type has its own level, drifts slowly over weeks, and trembles a little at each change.
            var level = 0.25 + (0.2 * ((seed >> 20 & 0xFFFF) / 65536.0));
            var phase = (seed & 0xFFFF) / 65536.0 * Math.Tau;
            var drift = 0.06 * Math.Sin(((time - s_epoch).TotalDays / 23 * Math.Tau) + phase);
            var tremble = 0.02 * (roll.Next() - 0.5);
            var price = OnDemandExact(type, region) * Math.Clamp(level + drift + tremble, 0.1, 1);
            yield return new SpotPoint(time, Math.Max(0.0001, Math.Round(price, 4)));
        }
    }

    private static double OnDemandExact(TypeFacts type, RegionFacts region) => type.Price * region.PriceFactor;

    // SplitMix64, so that the history does not depend on the runtime's own generator.
    private struct Roll(ulong state)
    {
        private ulong _state = state;

        public double Next()
        {
            var value = _state += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return ((value ^ (value >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
