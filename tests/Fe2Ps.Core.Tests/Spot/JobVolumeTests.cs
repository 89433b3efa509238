using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Core.Tests.Storage;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// Jobs with data volumes whose machines are taken away. Each ends with every byte that was written to the volume, in order, and
/// with nothing left that costs money unless that was asked for.
/// </summary>
public sealed class JobVolumeTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    private readonly VolumeJobs jobs = new(cloud);

    private readonly Reports reports = new();

    private VolumeQuery Query => new(cloud.Session);

    [HostedFact]
    public async Task InTheSameZoneTheVolumesThemselvesFollow()
    {
        Job job = await jobs.BeginAsync("vol-same", ["/mnt/one", "/home/ubuntu/two"]);
        JobVolume[] before = [.. job.Recovery!.Volumes];
        Assert.Equal(["/home/ubuntu/two", "/mnt/one"], before.Select(v => v.MountPoint));
        Assert.Equal(["xfs", "ext4"], before.Select(v => v.FileSystem));
        foreach (JobVolume volume in before)
            Assert.Equal((false, job.Id), await EndAndJobAsync(volume.VolumeId));
        await cloud.FaultAsync(new { kind = "interrupt", instance = "vol-same", seconds = 120 });
        Job over = await FinishAsync(job);
        await jobs.CompleteAsync(over, volumes: 2);
        Assert.Equal(before.Select(v => v.VolumeId), over.Recovery!.Volumes.Select(v => v.VolumeId));
        await jobs.NothingLeftAsync(over);
    }

    [HostedFact]
    public async Task InAnotherZoneACopyOfWhatWasWrittenLastFollows()
    {
        Job job = await jobs.BeginAsync("vol-far", ["/mnt/far"]);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery!.Last.Zone });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "vol-far", seconds = 120 });
            Job over = await FinishAsync(job);
            await jobs.CompleteAsync(over, volumes: 1);
            Assert.NotEqual(job.Recovery.Last.Zone, over.Recovery!.Last.Zone);
            Assert.NotEqual(job.Recovery.Volumes[0].VolumeId, over.Recovery.Volumes[0].VolumeId);
            await jobs.NothingLeftAsync(over);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AVolumeOutlivesAMachineThatDiesWithoutNotice()
    {
        Job job = await jobs.BeginAsync("vol-dies", ["/mnt/dies"]);
        await cloud.FaultAsync(new { kind = "kill", instance = "vol-dies" });
        Job over = await FinishAsync(job);
        await jobs.CompleteAsync(over, volumes: 1);
        Assert.Equal(job.Recovery!.Volumes[0].VolumeId, over.Recovery!.Volumes[0].VolumeId);
        await jobs.NothingLeftAsync(over);
    }

    [HostedFact]
    public async Task AVolumeOfAMachineThatDiedIsCopiedToAnotherZoneAndKeptIfAskedFor()
    {
        Job job = await jobs.BeginAsync("vol-kept", ["/mnt/kept"], new RecoveryOptions { KeepVolume = true });
        string first = job.Recovery!.Volumes[0].VolumeId;
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery!.Last.Zone });
            await cloud.FaultAsync(new { kind = "kill", instance = "vol-kept" });
            Job over = await FinishAsync(job);
            await jobs.CompleteAsync(over, volumes: 1);

            // Both stay: the one that the job ended with has the name, and both are found by the job.
            await Until.TrueAsync(async () => (await jobs.OfJobAsync(job)).All(v => VolumeFacts.StateOf(v) == "available"), "both are free", 90);
            List<Volume> kept = await jobs.OfJobAsync(job);
            Assert.Equal(2, kept.Count);
            Volume last = Assert.Single(kept, v => v.VolumeId != first);
            Assert.Equal(over.Recovery!.Volumes[0].VolumeId, last.VolumeId);
            Assert.Equal(job.Recovery.Volumes[0].Name, VolumeFacts.NameOf(last));
            Assert.Contains(job.Id, VolumeFacts.NameOf(kept.Single(v => v.VolumeId == first)));
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    [HostedFact]
    public async Task AFileSystemIsNeverHeldForLongerThanItsLimitWhoeverDies()
    {
        JobMachine machine = await cloud.LaunchAsync("vol-still", spot: true);
        Volume volume = await jobs.MakeAsync("vol-still", "/mnt/still", "ext4");
        await using var ssh = await cloud.Connector.OpenAsync(machine.Ssh);
        await ssh.RunAsync("setsid sh -c 'while :; do date +%s.%N > /mnt/still/now; echo x >> /mnt/still/ticks; sleep 0.1; done' </dev/null >/dev/null 2>&1 &");
        try
        {
            // The cloud takes longer than the file system may be held still, and meanwhile the computer that asked for it dies.
            await cloud.FaultAsync(new { kind = "slow", operation = "CreateSnapshot", seconds = 40, times = 1 });
            RecoveryFacts facts = await new RecoveryPlan(cloud.Session, cloud.Connector).OfAsync(machine, new RecoveryOptions(), InterruptSignal.USR1);
            Assert.Equal(volume.VolumeId, Assert.Single(facts.Volumes).VolumeId);
            using var dies = new CancellationTokenSource();
            var job = new Job("still-1", "still", "script.sh", JobState.Running) { TargetId = machine.Id, TargetName = machine.Name };
            Task saving = new JobVolumeMove(cloud.Session, cloud.Connector, job, facts, reports).SaveAsync(machine, dies.Token);
            await Until.TrueAsync(async () => (await cloud.CallsAsync()).Contains("CreateSnapshot") || await IsStillAsync(ssh), "the file system is held", 60);
            await dies.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saving);
            await Until.TrueAsync(async () => !await IsStillAsync(ssh), "the file system goes on", 30);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }

        await new InstanceActions(cloud.Session).RemoveAsync([await new InstanceQuery(cloud.Session).GetAsync(machine.Id)]);

        static async Task<bool> IsStillAsync(ISshSession ssh) =>
            (await ssh.RunAsync("a=$(stat -c %s /mnt/still/ticks); sleep 1; [ $(stat -c %s /mnt/still/ticks) = \"$a\" ] && echo still")).OutputText == "still\n";
    }

    [HostedFact]
    public async Task AHookThatHangsOnTheVolumeHoldsNothingUp()
    {
        var hook = Path.Combine(cloud.Folder(), "on-interrupt");
        await File.WriteAllTextAsync(hook, "#!/bin/sh\ntrap '' TERM\ncd /mnt/hung\nwhile :; do echo hook >> hook-lines; sleep 0.1; done\n");
        Job job = await jobs.BeginAsync("vol-hung", ["/mnt/hung"], files: [hook]);
        await cloud.FaultAsync(new { kind = "interrupt", instance = "vol-hung", seconds = 60 });
        Job over = await FinishAsync(job);
        await jobs.CompleteAsync(over, volumes: 1);
        await jobs.NothingLeftAsync(over);
    }

    [HostedFact]
    public async Task ACopyThatSomebodyLeftHalfWayIsTakenOverOrRemoved()
    {
        Job job = await jobs.BeginAsync("vol-half", ["/mnt/half"]);
        try
        {
            await cloud.FaultAsync(new { kind = "capacity", zone = job.Recovery!.Last.Zone });
            await cloud.FaultAsync(new { kind = "interrupt", instance = "vol-half", seconds = 120 });
            using var gone = new CancellationTokenSource();
            Task first = new JobRecovery(cloud.Session, cloud.Jobs).WaitAsync(job, TimeSpan.FromSeconds(300), cancellationToken: gone.Token);
            await Until.TrueAsync(async () => first.IsCompleted || (await jobs.OfJobAsync(job)).Count == 2, "the copy is made", 180);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
            Job known = Assert.Single(await cloud.Jobs.ListAsync(), j => j.Id == job.Id);
            Job over = await FinishAsync(known);
            await jobs.CompleteAsync(over, volumes: 1);
            await jobs.NothingLeftAsync(over);
        }
        finally
        {
            await cloud.ClearFaultsAsync();
        }
    }

    private Task<Job> FinishAsync(Job job) =>
        new JobRecovery(cloud.Session, cloud.Jobs) { BetweenTries = TimeSpan.FromSeconds(1) }.WaitAsync(job, TimeSpan.FromSeconds(500), report: reports);

    private async Task<(bool? Ends, string? Job)> EndAndJobAsync(string volumeId)
    {
        Volume volume = await Query.GetAsync(volumeId);
        return (VolumeFacts.AttachmentOf(volume)?.DeleteOnTermination, VolumeFacts.TagOf(volume, TagNames.JobId));
    }
}
