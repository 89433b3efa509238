using System.Text;
using System.Text.Json;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>What this computer believes of a machine's word about its jobs: the machine may be in somebody else's hands.</summary>
public sealed class JobReportTests
{
    [Theory]
    [InlineData("train", "train-0a1b2c3d", "train")]
    [InlineData("작업 'x' \\ y", "x-y-0a1b2c3d", "작업 'x' \\ y")]
    public void AnHonestReportIsRead(string name, string id, string folder) =>
        Assert.Equal((id, name), Only(Report(name, id, folder)) is { } facts ? (facts.Id, facts.Name) : default);

    [Theory]
    [InlineData("/home/me/.ssh", "train-0a1b2c3d", "train")]
    [InlineData("../../.ssh", "train-0a1b2c3d", "train")]
    [InlineData("/home/me/.ssh", "train-0a1b2c3d", "/home/me/.ssh")]
    [InlineData("..", "train-0a1b2c3d", "..")]
    [InlineData("train", "train-0a1b2c3d", "other")]
    [InlineData("train", "../train", "train")]
    [InlineData("train", "*", "train")]
    [InlineData("train", "train", "train")]
    [InlineData("train", null, "train")]
    [InlineData(null, "train-0a1b2c3d", "train")]
    public void AReportThatWouldLeadOutOfItsFolderIsDropped(string? name, string? id, string folder) =>
        Assert.Null(Only(Report(name!, id!, folder)));

    [Fact]
    public void WhatIsNoBase64IsDropped()
    {
        Assert.Null(Only("json ???\nname ???\nend\n"));
        Assert.Null(Only(Report("train", "train-0a1b2c3d", "train").Replace("name ", "name ?", StringComparison.Ordinal)));
    }

    [Fact]
    public void ResultsGoToAFolderOfTheJobsNameAndNowhereElse()
    {
        var job = new Job("x-0a1b2c3d", "train", "x.sh", JobState.Finished) { TargetId = "i-1", TargetName = "one" };
        var here = Path.Combine(Path.GetTempPath(), "here");
        Assert.Equal(Path.Combine(here, "train"), job.LocalFolder(here + Path.DirectorySeparatorChar));
        foreach (var name in new[] { "/etc", "../x", "..", ".", "a/b", "" })
            Assert.Equal("JobNameInvalid", Assert.Throws<Fe2Exception>(() => (job with { Name = name }).LocalFolder(here)).Id);
    }

    /// <summary>The usual end of a job on a spot machine: EC2 calls it running for a moment longer than it answers.</summary>
    [Fact]
    public void AMachineThatEndsItselfAfterItsJobIsNoCauseForAlarm()
    {
        var now = DateTimeOffset.UtcNow;
        var catalogue = new JobCatalogue(null!);
        var machine = new JobMachine(new SshTarget("i-1", "spot2", "192.0.2.1", "ubuntu", null, null), null, null, true);
        var job = new Job("x-0a1b2c3d", "x", "x.sh", JobState.Finished) { TargetId = "i-1", TargetName = "spot2", OnExit = OnExit.Terminate, Ended = now };
        var away = new Fe2Exception("SshUnreachable", Fe2ErrorKind.Connection, "No route to host.", "Wait.", "i-1");

        Assert.IsType<VerboseReport>(catalogue.Unheard(machine, away, [job]));

        // Whoever goes on, or is silent for another reason, may have jobs that nobody tells of.
        foreach (IReadOnlyList<Job> jobs in new IReadOnlyList<Job>[]
        {
            [], [job with { TargetId = "i-2" }], [job with { OnExit = OnExit.None }], [job with { Ended = now.AddHours(-1) }], [job with { State = JobState.Flushing }],
        })
            Assert.Contains("spot2", Assert.IsType<WarningReport>(catalogue.Unheard(machine, away, jobs)).Message);
        Assert.IsType<WarningReport>(catalogue.Unheard(machine, new Fe2Exception("SshRefused", Fe2ErrorKind.Security, "Refused.", "Ask.", "i-1"), [job]));
    }

    /// <summary>Both are asked at once, so either may be the one that answers first.</summary>
    [Theory]
    [InlineData("running", "")]
    [InlineData("flushing", "exit-code 3 ended 2026-01-02T03:04:05Z")]
    [InlineData("finished", "exit-code 3 ended 2026-01-02T03:04:05Z")]
    public void AMachineThatAnsweredBeforeTheEndDoesNotHideHowItEnded(string state, string more)
    {
        var facts = new JobFacts("train-0a1b2c3d", "train", "x.sh", [], [], OnExit.None, "i-1", "one", "i-2", "od1", DateTimeOffset.UnixEpoch);
        var own = Report(facts, "train", state, $"{more} session train", "run 1\nkeep 1\nbytes 7\n");
        var there = Report(facts, "train", "finished", "exit-code 3 ended 2026-01-02T03:04:05Z", "bytes 9\n");
        foreach (var reports in new[] { own + there, there + own })
        {
            var job = Assert.Single(new JobCatalogue(null!).Merge(JobReport.Parse(reports), []));
            Assert.Equal((JobState.Finished, 3, 9, "train"), (job.State, job.ExitCode, job.Bytes, job.Session));
            Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), job.Ended);
            Assert.Null(job.Note);
        }
    }

    /// <summary>It has the job's folder before it has the job.</summary>
    [Fact]
    public void TheNextMachineIsNotTakenForTheMonitor()
    {
        var facts = new JobFacts("train-0a1b2c3d", "train", "x.sh", [], [], OnExit.None, "i-2", "one", "i-3", "od1", DateTimeOffset.UnixEpoch) { Attempt = 2 };
        var recovery = new RecoveryFacts(
            new RecoveryOptions(), new ReplacementMachine("one", "ami-1", "m5.large", "us-east-2b", 8, "default", [], "ubuntu", null, true, new Dictionary<string, string>()),
            InterruptSignal.USR1, [new JobAttempt(1, "i-1", "m5.large", "us-east-2b", true, 0.03m), new JobAttempt(2, "i-2", "m5.large", "us-east-2b", true, 0.03m)]);
        var next = JobReport.Parse(Report(facts, "train", "", "", ""), "i-2");
        var monitor = JobReport.Parse(
            Report(facts, "train", "", $"stopped 2026-01-02T03:04:05Z", $"recovery {Encode(JsonSerializer.Serialize(recovery, RecoveryFactsContext.Default.RecoveryFacts))}\n"), "i-3");
        foreach (var reports in new[] { next.Concat(monitor), monitor.Concat(next) })
        {
            var job = Assert.Single(new JobCatalogue(null!).Merge(reports, []));
            Assert.Equal((2, true), (job.Recovery?.Last.Number, job.IsStopped));
        }
    }

    private static JobFacts? Only(string report) => JobReport.Parse(report).SingleOrDefault()?.Facts;

    private static string Report(string name, string id, string folder)
    {
        var facts = new JobFacts(id, name, "x.sh", [], [], OnExit.None, "i-1", "one", null, null, DateTimeOffset.UnixEpoch);
        return Report(facts, folder, "finished", "", "");
    }

    private static string Report(JobFacts facts, string folder, string state, string words, string plain)
    {
        var fields = string.Concat(words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Chunk(2).Select(f => $"{f[0]} {Encode(f[1] + "\n")}\n"));
        return $"json {Encode(JsonSerializer.Serialize(facts, JobFactsContext.Default.JobFacts))}\nname {Encode(folder)}\nstate {Encode(state + "\n")}\n{fields}{plain}end\n";
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
