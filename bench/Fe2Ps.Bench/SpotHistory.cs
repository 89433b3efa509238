using System.Globalization;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Bench;

/// <summary>The mean spot price, by time, of every type and zone of a family over 90 days: a whole process over Core, and one over boto3.</summary>
internal static class SpotHistory
{
    private const string Family = "m5";
    private const int ChangesADay = 24;
    private const int Days = 90;
    private const int LeastChanges = 50_000;
    private const int Runs = 5;
    private const string Python = "/usr/bin/python3";
    private const string Row = "mean spot prices of a family over 90 days, 50,000 changes, whole process (against boto3, the same means)";

    /// <summary>What somebody who knows boto3 would write: the paginator, all of it once, one pass over each sorted list.</summary>
    private const string Program = """
        import sys
        from collections import defaultdict
        from datetime import datetime, timedelta, timezone

        import boto3

        ec2 = boto3.client("ec2", endpoint_url=sys.argv[1])
        end = datetime.now(timezone.utc).replace(microsecond=0)
        start = end - timedelta(days=90)
        pages = ec2.get_paginator("describe_spot_price_history").paginate(
            StartTime=start, EndTime=end, ProductDescriptions=["Linux/UNIX"], Filters=[{"Name": "instance-type", "Values": [sys.argv[2] + ".*"]}])
        history = defaultdict(list)
        for page in pages:
            for item in page["SpotPriceHistory"]:
                history[item["InstanceType"], item["AvailabilityZone"]].append((item["Timestamp"], float(item["SpotPrice"])))
        for key, points in sorted(history.items()):
            points.sort()
            paid = known = 0.0
            for (time, price), (until, _) in zip(points, points[1:] + [(end, None)]):
                seconds = (until - max(time, start)).total_seconds()
                if seconds > 0:
                    paid += price * seconds
                    known += seconds
            print(*key, len(points), format(paid / known, ".6f"))
        """;

    public static Measurement Measurement { get; } = new([Row], TakeAsync);

    /// <summary>The small driver: this program's own second face. Writes one line a type and zone.</summary>
    public static async Task DriveAsync(TextWriter output)
    {
        var session = await Fe2Session.OpenAsync().ConfigureAwait(false);
        foreach (var series in await new SpotPriceHistory(session).ReadAsync(new SpotPriceQuery([Family], Days: Days)).ConfigureAwait(false))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{series.InstanceType} {series.Zone} {series.Changes.Count} {series.Whole()!.Mean:0.000000}"));
    }

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var python = Ground.Need(Python);
        await using var cloud = await ground.ApiAsync(cancel).ConfigureAwait(false);
        var types = await InstanceTypePattern.ResolveAsync(cloud.Session, [Family], cancel).ConfigureAwait(false);
        await cloud.SeedSpotAsync(types, ChangesADay, cancel).ConfigureAwait(false);
        var script = Path.Combine(ground.Folder, "spot_history.py");
        await File.WriteAllTextAsync(script, Program, cancel).ConfigureAwait(false);
        var process = new WholeProcess(cloud.Environment);
        try
        {
            await process.OneAsync([python, "-c", "import boto3"], cancel).ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            throw new NotHereException($"{python} has no boto3");
        }

        var runs = await process.InTurnAsync(
            Runs, cancel,
            ground.Driver("spot"), [python, script, cloud.Session.EndpointUrl!, Family]).ConfigureAwait(false);
        Check(Read(runs[0][0].Output), Read(runs[1][0].Output));
        table.Ratio(Row, Sample.Of(runs[0], run => run.Seconds).Median, Sample.Of(runs[1], run => run.Seconds).Median, "s", 0.3);
    }

    private static Dictionary<string, (int Changes, double Mean)> Read(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(
            words => $"{words[0]} {words[1]}",
            words => (int.Parse(words[2], CultureInfo.InvariantCulture), double.Parse(words[3], CultureInfo.InvariantCulture)));

    /// <summary>Both read the same history; the spans end at the moment of each run, so the means differ by a hair.</summary>
    private static void Check(Dictionary<string, (int Changes, double Mean)> ours, Dictionary<string, (int Changes, double Mean)> theirs)
    {
        if (theirs.Values.Sum(v => v.Changes) < LeastChanges)
            throw new InvalidOperationException($"there are only {theirs.Values.Sum(v => v.Changes)} changes");
        if (!ours.Keys.Order().SequenceEqual(theirs.Keys.Order()))
            throw new InvalidOperationException("the two do not list the same types and zones");
        foreach (var (key, value) in ours)
        {
            if (Math.Abs(value.Mean - theirs[key].Mean) > value.Mean * 1e-4)
                throw new InvalidOperationException($"the mean of {key} is {value.Mean} here and {theirs[key].Mean} there");
        }
    }
}
