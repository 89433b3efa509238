using System.Globalization;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Bench;

/// <summary>How old a result is when it appears on the monitor. Both machines share this computer's clock.</summary>
internal static class ResultArrival
{
    private const int Files = 200;
    private const double Within = 2;
    private const string Row = "a result file's way from target to monitor, 200 files over 60 s, share within 2 s";

    /// <summary>Each file holds the moment in which it was written.</summary>
    private const string Script = """
        #!/bin/bash
        for i in $(seq 200); do
            date +%s.%N > "$FE2_DIR/result-$i"
            sleep 0.297
        done
        """;

    /// <summary>A file is on the monitor from the moment it has its name there, which is its last change of state (ctime).</summary>
    private const string Arrivals = """for f in result-*; do echo "$(cat "$f") $(stat -c %.Z "$f")"; done""";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static Measurement Measurement { get; } = new([Row], TakeAsync);

    private static async Task TakeAsync(Ground ground, Table table, CancellationToken cancel)
    {
        var cloud = await ground.MachinesAsync(cancel).ConfigureAwait(false);
        var machines = await cloud.LaunchAsync("way", 2, cancel).ConfigureAwait(false);
        var script = Path.Combine(ground.Folder, "results.sh");
        await File.WriteAllTextAsync(script, Script + "\n", cancel).ConfigureAwait(false);
        var jobs = new CloudJobs(cloud.Session, cloud.Ssh);
        var request = new JobRequest(script, await jobs.MachineAsync(machines[0], cancel).ConfigureAwait(false))
        {
            Monitor = await jobs.MachineAsync(machines[1], cancel).ConfigureAwait(false),
        };
        var job = await jobs.Runner.StartAsync(request, null, cancel).ConfigureAwait(false);
        job = await jobs.Control.WaitAsync(job, Patience, null, cancel).ConfigureAwait(false);
        if (job.ExitCode != 0) throw new InvalidOperationException($"the job ended as {job.State} with {job.ExitCode}");

        var monitor = await new InstanceTargets(cloud.Session).ForAsync(machines[1], cancellationToken: cancel).ConfigureAwait(false);
        await using var session = await cloud.Ssh.OpenAsync(monitor, cancel).ConfigureAwait(false);
        var answer = await session.RunAsync($"cd ~/fastec2/{job.Name} && {Arrivals}", null, cancel).ConfigureAwait(false);
        var ages = new Sample(answer.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Age));
        if (ages.Count != Files) throw new InvalidOperationException($"{ages.Count} of {Files} files arrived: {answer.ErrorText}");
        table.AtLeast(Row, ages.ShareWithin(Within), 0.95, string.Create(CultureInfo.InvariantCulture, $"median {ages.Median:0.00} s, 95 % within {ages.Quantile(0.95):0.00} s"));
        await cloud.RemoveAsync(machines, cancel).ConfigureAwait(false);
    }

    private static double Age(string line)
    {
        var times = line.Split(' ').Select(text => decimal.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (double)(times[1] - times[0]);
    }
}
