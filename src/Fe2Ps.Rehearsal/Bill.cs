using System.Globalization;

namespace Fe2Ps.Rehearsal;

/// <summary>
/// What the run would have cost on AWS. Instances are billed by the second, 60 s at the least
/// (https://aws.amazon.com/ec2/pricing/on-demand/), gp3 disks by the second for each GiB of a 30-day month
/// (https://aws.amazon.com/ebs/pricing/), public addresses at half a cent an hour (https://aws.amazon.com/vpc/pricing/).
/// </summary>
internal sealed class Bill
{
    private const double DiskUsdGiBMonth = 0.08;
    private const double AddressUsdHour = 0.005;
    private const double LeastSeconds = 60;
    private readonly List<(string What, double Usd)> lines = [];

    public double Total => lines.Sum(line => line.Usd);

    public void Machine(string name, string type, double usdHour, string kind, int diskGiB, TimeSpan time)
    {
        var seconds = Math.Max(time.TotalSeconds, LeastSeconds);
        lines.Add(($"{name}: {type} {kind} at ${Number(usdHour, "0.0000")} an hour, {seconds.ToString("0", CultureInfo.InvariantCulture)} s", usdHour * seconds / 3600));
        lines.Add(($"{name}: disk of {diskGiB} GiB and public address", (DiskUsdGiBMonth * diskGiB / (30 * 24) + AddressUsdHour) * seconds / 3600));
    }

    public void Print(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("The same run on AWS");
        var width = lines.Max(line => line.What.Length);
        foreach (var (what, usd) in lines) output.WriteLine($"  {what.PadRight(width)}  ${Number(usd, "0.000000")}");
        output.WriteLine($"  {"together".PadRight(width)}  ${Number(Total, "0.000000")}");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
