using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Bench;

/// <summary>A region full of instances, listed by a whole process over Core and by the AWS CLI.</summary>
internal static class ListInstances
{
    private const int Instances = 10_000;
    private const int Runs = 3;
    private const string Time = "list 10,000 instances, whole process, time (against aws ec2 describe-instances)";
    private const string Memory = "list 10,000 instances, whole process, peak memory (against aws ec2 describe-instances)";

    public static Measurement Measurement { get; } = new([Time, Memory], TakeAsync);

    /// <summary>The small driver: this program's own second face. Writes one line an instance.</summary>
    public static async Task DriveAsync(TextWriter output)
    {
        var session = await Fe2Session.OpenAsync().ConfigureAwait(false);
        await foreach (var instance in new InstanceQuery(session).StreamAsync(new InstanceSelector()).ConfigureAwait(false))
        {
            output.WriteLine(string.Join('\t', InstanceFacts.NameOf(instance), instance.InstanceId, InstanceFacts.StateOf(instance),
                instance.InstanceType, instance.Placement.AvailabilityZone, InstanceFacts.AddressOf(instance)));
        }
    }

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        await using var cloud = await ground.ApiAsync(cancel).ConfigureAwait(false);
        await cloud.SeedAsync(Instances, cancel).ConfigureAwait(false);
        var runs = await new WholeProcess(cloud.Environment).InTurnAsync(
            Runs, cancel, ground.Driver("list"), cloud.Aws("describe-instances")).ConfigureAwait(false);
        var (ours, theirs) = (runs[0], runs[1]);
        Check(ours[0].Output.Count(c => c == '\n'));
        Check(theirs[0].Output.Split("\"InstanceId\"").Length - 1);
        table.Ratio(Time, Sample.Of(ours, run => run.Seconds).Median, Sample.Of(theirs, run => run.Seconds).Median, "s", 0.25);
        table.Ratio(Memory, Sample.Of(ours, run => run.PeakMegabytes).Median, Sample.Of(theirs, run => run.PeakMegabytes).Median, "MiB", 0.5);
    }

    private static void Check(int listed)
    {
        if (listed != Instances) throw new InvalidOperationException($"{listed} instances were listed instead of {Instances}");
    }
}
