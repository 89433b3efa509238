using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Jobs that write to data volumes, and what must be there when they have ended.</summary>
internal sealed class VolumeJobs(HostedJobFixture cloud)
{
    /// <summary>
    /// Writes lines to each data volume, and says which of them are safe there: on the first machine until it is taken away, on the next
    /// one some more. What the first machine wrote is checked by the next.
    /// </summary>
    private const string Writer = """
        for place in $PLACES; do
            if [ -e "$place/sum" ]; then (cd "$place" && sha256sum -c sum >> "$FE2_DIR/checked") || exit 9
            else (umask 077 && head -c 4000000 /dev/urandom > "$place/big" && cd "$place" && sha256sum big > sum && sync -f sum); fi
            stat -c '%U %a' "$place/big" >> "$FE2_DIR/owners"
            touch "$place/lines"
        done
        # The end may have come between two of them.
        count() { wc -l < "$1/lines"; }
        from=$(for place in $PLACES; do count "$place"; done | sort -n | head -n 1); n=$from; echo "$from" > "$FE2_DIR/from-$FE2_ATTEMPT"
        until [ "$FE2_ATTEMPT" -gt 1 ] && [ $n -ge $((from + 8)) ]; do
            n=$((n + 1))
            for place in $PLACES; do [ "$(count "$place")" -ge $n ] || echo "line $n" >> "$place/lines"; sync -f "$place/lines"; done
            echo $n > "$FE2_DIR/safe-$FE2_ATTEMPT"
            sleep 0.2
        done
        for place in $PLACES; do cat "$place/lines" >> "$FE2_DIR/all"; done
        echo $n > "$FE2_DIR/lines"
        """;

    public async Task<Job> BeginAsync(string name, string[] places, RecoveryOptions? options = null, string[]? files = null)
    {
        JobMachine machine = await cloud.LaunchAsync(name, spot: true);
        for (int n = 0; n < places.Length; n++)
            await MakeAsync(name, places[n], n == 0 ? "ext4" : "xfs");
        RecoveryFacts facts = await new RecoveryPlan(cloud.Session, cloud.Connector).OfAsync(machine, options ?? new RecoveryOptions(), InterruptSignal.USR1);
        Job job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Writer, machine) with
        {
            Name = name,
            Recovery = facts,
            OnExit = OnExit.Terminate,
            Files = files ?? [],
            Environment = new Dictionary<string, string> { ["PLACES"] = string.Join(' ', places) },
        });
        await Until.TrueAsync(async () => await OnMonitorAsync(job, "test -s safe-1 && echo yes") == "yes\n", "it writes", 60);
        return job;
    }

    public async Task<Volume> MakeAsync(string machine, string place, string fileSystem) =>
        await new VolumeMaker(cloud.Session, cloud.Connector).MakeAsync(new VolumeRequest
        {
            Size = 1,
            Instance = await new InstanceQuery(cloud.Session).GetAsync(machine),
            Mount = new MountRequest { MountPoint = place, FileSystem = fileSystem },
        });

    /// <summary>Every line of every volume, once and in order, and what the first machine wrote unchanged, still its owner's alone.</summary>
    public async Task CompleteAsync(Job job, int volumes)
    {
        Assert.True((job.State, job.ExitCode) == (JobState.Finished, 0), $"{job.State} {job.ExitCode} {await OnMonitorAsync(job, "tail .fe2/output.log checked")}");
        Assert.Equal(2, job.Recovery!.Attempts.Count);
        int lines = await NumberAsync(job, "lines");
        Assert.Equal(
            Enumerable.Range(0, volumes).SelectMany(_ => Enumerable.Range(1, lines).Select(n => $"line {n}")),
            (await OnMonitorAsync(job, "cat all")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(await NumberAsync(job, "from-2") >= await NumberAsync(job, "safe-1"), "the next machine begins where the one before was");
        Assert.Equal(string.Concat(Enumerable.Repeat("big: OK\n", volumes)), await OnMonitorAsync(job, "cat checked"));
        Assert.Equal(string.Concat(Enumerable.Repeat("ubuntu 600\n", 2 * volumes)), await OnMonitorAsync(job, "cat owners"));
    }

    public async Task NothingLeftAsync(Job job)
    {
        await Until.TrueAsync(async () => (await OfJobAsync(job)).Count == 0, "no volume is left", 120);
        Assert.DoesNotContain(
            await new SnapshotQuery(cloud.Session).ByFiltersAsync([], default),
            s => s.Tags.Exists(t => t.Value == job.Id) || s.Description.Contains(job.Id, StringComparison.Ordinal));
    }

    public async Task<List<Volume>> OfJobAsync(Job job) =>
        (await new VolumeQuery(cloud.Session).ByFiltersAsync([InstanceQuery.Filter($"tag:{TagNames.JobId}", [job.Id])], default)).FindAll(v => VolumeFacts.StateOf(v) != "deleting" && !VolumeFacts.IsRoot(v));

    private async Task<int> NumberAsync(Job job, string file) => int.Parse(await OnMonitorAsync(job, $"cat {file}"), System.Globalization.CultureInfo.InvariantCulture);

    public Task<string> OnMonitorAsync(Job job, string command) => cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && {command}");
}
