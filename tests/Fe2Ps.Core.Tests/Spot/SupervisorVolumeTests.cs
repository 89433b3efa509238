using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Core.Tests.Storage;
using Fe2Ps.Tests.Support;
using Xunit.Abstractions;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs with data volumes whose machines are taken away while no computer waits for them: the monitor alone brings machine and volumes,
/// with every byte that was written, and removes what is not needed any more.
/// </summary>
public sealed class SupervisorVolumeTests(HostedJobFixture cloud, ITestOutputHelper output) : IClassFixture<HostedJobFixture>
{
    private readonly VolumeJobs _jobs = new(cloud);

    [HostedFact]
    public async Task InTheSameZoneTheVolumesThemselvesFollow()
    {
        Job job = await BeginAsync("sup-same", ["/mnt/one", "/home/ubuntu/it's-two"]);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-same", seconds = 120 });
        Job over = await EndAsync(job);
        await _jobs.CompleteAsync(over, volumes: 2);
        Assert.Equal(job.Recovery!.Volumes, over.Recovery!.Volumes);
        await _jobs.NothingLeftAsync(over);
    }

    /// <summary>Two jobs of one machine may write to one volume: it is the one's that was told last.</summary>
    [HostedFact]
    public async Task AVolumeThatIsAnotherJobsByNowIsLeftToItAtTheEnd()
    {
        Job job = await BeginAsync("sup-shared", ["/mnt/shared"]);
        string id = job.Recovery!.Volumes[0].VolumeId;
        await cloud.Session.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [id], Tags = [new Tag(TagNames.JobId, "another-job")] });
        await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-shared", seconds = 120 });
        Job over = await EndAsync(job);
        await _jobs.CompleteAsync(over, volumes: 1);
        // Nor does a computer that asks later take it.
        await new JobVolumes(cloud.Session, cloud.Connector).SettleAsync(over, over.Recovery!);
        Volume volume = await new VolumeQuery(cloud.Session).TryByIdAsync(id, default) ?? throw new InvalidOperationException("the volume is gone");
        Assert.True(VolumeFacts.StateOf(volume) is "available" or "in-use", VolumeFacts.StateOf(volume));
    }

    [HostedFact]
    public async Task InAnotherZoneACopyOfWhatWasWrittenLastFollows()
    {
        Job job = await BeginAsync("sup-far", ["/mnt/far"]);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery!.Last.Zone });
            await cloud.FaultAsync(new { kind = "late-visibility", seconds = 3, operation = "Describe*" });
            await cloud.FaultAsync(new { kind = "lost-answer", operation = "CreateVolume", times = 1 });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-far", seconds = 120 });
            Job over = await EndAsync(job);
            await _jobs.CompleteAsync(over, volumes: 1);
            JobVolume volume = Assert.Single(over.Recovery!.Volumes);
            Assert.Equal((volume.Zone, false), (over.Recovery.Last.Zone, volume.Zone == job.Recovery.Last.Zone));
            Assert.NotEqual(job.Recovery.Volumes[0].VolumeId, volume.VolumeId);
            await _jobs.NothingLeftAsync(over);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AVolumeOfAMachineThatDiedWithoutAWordIsCopiedAndKeptIfAskedFor()
    {
        Job job = await BeginAsync("sup-kept", ["/mnt/kept"], new RecoveryOptions { KeepVolume = true });
        string first = job.Recovery!.Volumes[0].VolumeId;
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery.Last.Zone });
            await cloud.FaultAsync(new { kind = "kill", instance = "sup-kept" });
            Job over = await EndAsync(job);
            await _jobs.CompleteAsync(over, volumes: 1);
            await Until.TrueAsync(async () => (await _jobs.OfJobAsync(job)).All(v => VolumeFacts.StateOf(v) == "available"), "both are free", 90);
            var kept = await _jobs.OfJobAsync(job);
            Assert.Equal(2, kept.Count);
            var last = Assert.Single(kept, v => v.VolumeId != first);
            Assert.Equal((over.Recovery!.Volumes[0].VolumeId, job.Recovery.Volumes[0].Name), (last.VolumeId, VolumeFacts.NameOf(last)));
            Assert.Equal($"{job.Recovery.Volumes[0].Name} (machine 1 of {job.Id})", VolumeFacts.NameOf(kept.Single(v => v.VolumeId == first)));
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task KilledInTheMiddleOfAVolumesMoveItGoesOnAndLeavesNoCopy()
    {
        Job job = await BeginAsync("sup-half", ["/mnt/half"]);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery!.Last.Zone });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-half", seconds = 120 });
            await Until.TrueAsync(async () => (await _jobs.OfJobAsync(job)).Count == 2, "the copy is made", 240);
            Assert.NotEmpty(await cloud.OnMonitorAsync($"p=$(pgrep -f 'fe2/supervise-mov[e] {job.Id}'); kill -9 $p && echo $p"));
            Job over = await EndAsync(job);
            await _jobs.CompleteAsync(over, volumes: 1);
            await _jobs.NothingLeftAsync(over);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AMonitorThatIsStartedAgainBetweenTwoMachinesGoesOnByItself()
    {
        Job job = await BeginAsync("sup-boot", ["/mnt/boot"]);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-boot", seconds = 10 });
            await Until.TrueAsync(async () => await cloud.StateOfAsync(job.TargetId) == "terminated", "nothing of the job runs any more", 120);
            string monitor = (await new InstanceQuery(cloud.Session).GetAsync("od1")).InstanceId;
            await new InstanceActions(cloud.Session).StopAsync([await new InstanceQuery(cloud.Session).GetAsync(monitor)]);
            await Until.TrueAsync(async () => await cloud.StateOfAsync(monitor) == "stopped", "the monitor is off", 120);
            await cloud.ClearFaultsAsync();
            await cloud.StartAsync(monitor);
            Job over = await EndAsync(job);
            await _jobs.CompleteAsync(over, volumes: 1);
            await _jobs.NothingLeftAsync(over);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AVolumeThatIsGoneComesBackFromTheSnapshotOfTheNotice()
    {
        Job job = await BeginAsync("sup-gone", ["/mnt/gone"]);
        try
        {
            await LoseAsync(job, new { kind = "interrupt", instance = "sup-gone", seconds = 15 });
            Job over = await EndAsync(job);
            Assert.Equal((JobState.Finished, 0, 2), (over.State, over.ExitCode, over.Attempt));
            Assert.Equal("big: OK\n", await _jobs.OnMonitorAsync(over, "cat checked"));
            await _jobs.NothingLeftAsync(over);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AVolumeThatIsGoneForGoodIsSaidInTheJobsNote()
    {
        Job job = await BeginAsync("sup-lost", ["/mnt/lost"]);
        try
        {
            await LoseAsync(job, new { kind = "kill", instance = "sup-lost" });
            string wanted = $"the volume {job.Recovery!.Volumes[0].VolumeId} is gone, and there is no snapshot of it";
            await Until.TrueAsync(
                async () => Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id).Note?.Contains(wanted, StringComparison.Ordinal) == true, "the note says so", 240);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        // A machine on which nothing can be started is not kept for ever.
        await _jobs.OnMonitorAsync(job, $"echo 'enough 1' >> ~/.fe2/jobs/{job.Id}/plan");
        Job over = await EndAsync(job);
        Assert.Equal((JobState.Lost, false), (over.State, over.IsStopped));
        Assert.Contains($"it could not be started on {over.TargetId}: the volume ", over.Note, StringComparison.Ordinal);
        await Until.TrueAsync(async () => await cloud.StateOfAsync(over.TargetId) is "terminated" or "shutting-down", "the machine ends", 60);
    }

    [HostedFact]
    public async Task WhatCouldNotBeStartedForLongEnoughAComputerThatAsksLaterTakesUpAgain()
    {
        Job job = await BeginAsync("sup-late", ["/mnt/late"]);
        Job over;
        try
        {
            await cloud.FaultAsync(new { kind = "deny", operation = "AttachVolume" });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-late", seconds = 120 });
            await _jobs.OnMonitorAsync(job, $"echo 'enough 1' >> ~/.fe2/jobs/{job.Id}/plan");
            over = await EndAsync(job);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        Assert.Equal((JobState.Lost, false, 2), (over.State, over.IsStopped, over.Attempt));
        Assert.Contains($"it could not be started on {over.TargetId}", over.Note, StringComparison.Ordinal);
        over = await new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(over, TimeSpan.FromSeconds(300));
        Assert.Equal((JobState.Finished, 0, false, 3), (over.State, over.ExitCode, over.IsStopped, over.Attempt));
        Assert.Equal(["interrupted", "unstarted", null], over.Recovery!.Attempts.Select(a => a.End));
        Assert.Equal("big: OK\n", await _jobs.OnMonitorAsync(over, "cat checked"));
        await _jobs.NothingLeftAsync(over);
    }

    [HostedFact]
    public async Task AComputerThatWaitsBesideItDoesNothingTwiceAndHasNothingToWarnOf()
    {
        Job job = await BeginAsync("sup-both", ["/mnt/both"]);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery!.Last.Zone });
            var reports = new Reports();
            Task<Job> waiting = new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(400), report: reports);
            await cloud.FaultAsync(new { kind = "interrupt", instance = "sup-both", seconds = 120 });
            await _jobs.CompleteAsync(await waiting, volumes: 1);
            Job over = await EndAsync(job);
            await _jobs.NothingLeftAsync(over);
            Assert.DoesNotContain(reports.All.OfType<WarningReport>(), r => r.Message.Contains("cost money", StringComparison.Ordinal));
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AScriptThatIsStartedAgainWhereItIsHasItsVolumes()
    {
        Job job = await BeginAsync("sup-again", ["/mnt/again"], new RecoveryOptions { RestartOnError = true });
        await using (var there = await cloud.Connector.OpenAsync(job.Target!.Ssh))
            await there.RunAsync("pkill -f myscript.s[h]");
        Job over = await EndAsync(job);
        await _jobs.CompleteAsync(over, volumes: 1);
        Assert.Single(over.Recovery!.Attempts.Select(a => a.InstanceId).Distinct());
        await _jobs.NothingLeftAsync(over);
    }

    /// <summary>Takes the job's machine away while there is no room for another one, then removes its volume.</summary>
    private async Task LoseAsync(Job job, object fault)
    {
        await cloud.FaultAsync(new { kind = "capacity" });
        await cloud.FaultAsync(fault);
        var query = new VolumeQuery(cloud.Session);
        await Until.TrueAsync(async () => VolumeFacts.StateOf(await query.GetAsync(job.Recovery!.Volumes[0].VolumeId)) == "available", "the volume is free", 240);
        await new VolumeRemoval(cloud.Session).RemoveAsync(await query.GetAsync(job.Recovery!.Volumes[0].VolumeId));
        await cloud.ClearFaultsAsync();
    }

    [HostedFact]
    public async Task WhereTheRoleDoesNotAllowItAWarningSaysSo()
    {
        Job job = await _jobs.BeginAsync("sup-denied", ["/mnt/denied"]);
        try
        {
            await cloud.FaultAsync(new { kind = "deny", operation = "AttachVolume" });
            var reports = new Reports();
            Assert.False(await TheSupervisor().StartAsync(job, reports));
            Assert.Contains("its role does not let it bring the job's volumes along: UnauthorizedOperation", Assert.Single(reports.All.OfType<WarningReport>()).Message);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await cloud.Jobs.Control.StopAsync(job, null, default);
    }

    private async Task<Job> BeginAsync(string name, string[] places, RecoveryOptions? options = null)
    {
        Job job = await _jobs.BeginAsync(name, places, options);
        var reports = new Reports();
        Assert.True(await TheSupervisor().StartAsync(job, reports), string.Join('\n', reports.All.OfType<WarningReport>().Select(r => r.Message)));
        return job;
    }

    private Supervisor TheSupervisor() => new(cloud.Session, cloud.Jobs)
    {
        Silence = TimeSpan.FromSeconds(35),
        BetweenTries = TimeSpan.FromSeconds(1),
        RolePatience = TimeSpan.FromSeconds(5),
    };

    /// <summary>Only looks: no computer waits.</summary>
    private async Task<Job> EndAsync(Job job)
    {
        try
        {
            await Until.TrueAsync(
                async () => await cloud.OnMonitorAsync($"ls .fe2/jobs/{job.Id}/plan 2>/dev/null") == "", "the job is over, and the supervisor gone", 420);
        }
        finally
        {
            output.WriteLine(await cloud.OnMonitorAsync($"cd .fe2/jobs/{job.Id} && cat supervise.log attempts volumes; cat supervise.note"));
        }

        Assert.Equal("", await cloud.OnMonitorAsync($"cd .fe2/jobs/{job.Id} && ls | grep -E '^(plan|save|still|machines|cloud|s-|clock|supervise.(key|line|note))'"));
        return Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
    }
}
