using System.Globalization;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>What becomes of volumes and snapshots when something goes wrong: power, connections, EC2 itself, two people at once.</summary>
public sealed class HostedStorageFaultTests(StorageFixture cloud) : IClassFixture<StorageFixture>
{
    [HostedFact]
    public async Task ASnapshotHoldsTheFileSystemStillForItsMomentAlone()
    {
        await cloud.MakeAsync("still", point: "/mnt/still");
        await WriteOnAsync("od1", "/mnt/still");
        await cloud.FaultAsync(new { kind = "slow", operation = "CreateSnapshot", seconds = 3, times = 1 });
        Snapshot snapshot = await cloud.Snapshots.CreateAsync(await cloud.Query.GetAsync("still"), new SnapshotRequest { Name = "still" });
        await GoesOnAsync("od1", "/mnt/still");
        Assert.True(await LongestGapAsync("od1", "/mnt/still") > TimeSpan.FromSeconds(2.5), "nothing was written while EC2 took the order");
        Assert.DoesNotContain(cloud.Reports.All.OfType<VerboseReport>(), r => r.Message.Contains(snapshot.SnapshotId, StringComparison.Ordinal));
        Assert.Equal("", await cloud.OnAsync("od1", "ls /run | grep fe2-freeze || :"));
        await EndAsync("still", "od1");
    }

    [HostedFact]
    public async Task AnOrderThatTakesLongerThanTheFreezeIsGivenAgain()
    {
        await cloud.MakeAsync("slow", point: "/mnt/slow");
        await cloud.FaultAsync(new { kind = "slow", operation = "CreateSnapshot", seconds = FileSystemFreeze.Seconds + 3, times = 1 });
        Snapshot snapshot = await cloud.Snapshots.CreateAsync(await cloud.Query.GetAsync("slow"), new SnapshotRequest { Name = "slow" });
        Assert.Equal([snapshot.SnapshotId], (await new SnapshotQuery(cloud.Session).ListAsync(["slow"])).Snapshots.Select(s => s.SnapshotId));
        await EndAsync("slow");
    }

    [HostedFact]
    public async Task ACutConnectionLeavesNothingFrozen()
    {
        Volume volume = await cloud.MakeAsync("cut", on: "od2", point: "/mnt/cut");
        await WriteOnAsync("od2", "/mnt/cut");
        await using (ISshSession ssh = await cloud.SshAsync("od2"))
        {
            // The connection ends, and the machine notices.
            FileSystemFreeze freeze = await FileSystemFreeze.BeginAsync(VolumeMounter.Disk(ssh, volume), ssh, null, CancellationToken.None);
            await cloud.Connector.CloseAsync(ssh.Target);
            await GoesOnAsync("od2", "/mnt/cut");
            await freeze.EndAsync();
        }

        await using (ISshSession ssh = await cloud.SshAsync("od2"))
        {
            // The network is gone, and nobody notices: the watch on the machine ends it.
            FileSystemFreeze freeze = await FileSystemFreeze.BeginAsync(VolumeMounter.Disk(ssh, volume), ssh, null, CancellationToken.None);
            string id = ssh.Target.InstanceId;
            await cloud.FaultAsync(new { kind = "cut", instance = id });
            Task<bool> end = freeze.EndAsync();
            using var pace = new PeriodicTimer(TimeSpan.FromSeconds(FileSystemFreeze.Seconds + 2));
            await pace.WaitForNextTickAsync();
            await cloud.FaultAsync(new { kind = "join", instance = id });
            await end;
        }

        await GoesOnAsync("od2", "/mnt/cut");
        Assert.InRange(await LongestGapAsync("od2", "/mnt/cut"), TimeSpan.FromSeconds(FileSystemFreeze.Seconds - 3), TimeSpan.FromSeconds(FileSystemFreeze.Seconds + 4));
        await EndAsync("cut", "od2");
    }

    [HostedFact]
    public async Task APowerCutWhileWritingLeavesWhatWasSyncedAndAVolumeThatCanBeMounted()
    {
        await cloud.LaunchAsync("dies", "us-east-2a");
        await cloud.MakeAsync("survivor", on: "dies", point: "/mnt/survivor");
        string sum = await cloud.OnAsync("dies", "cd /mnt/survivor && head -c 5000000 /dev/urandom > synced && sync && sha256sum synced");
        await cloud.OnAsync("dies", "(nohup sh -c 'while :; do head -c 300000 /dev/zero >> /mnt/survivor/busy; done' >/dev/null 2>&1 &)");
        await cloud.FaultAsync(new { kind = "kill", instance = "dies" });
        await Until.TrueAsync(async () => InstanceFacts.StateOf(await cloud.InstanceAsync("dies")) == "stopped", "the instance has stopped");

        await cloud.DismountAsync("survivor");
        await cloud.MountAsync("survivor", "od1");
        Assert.Equal(sum, await cloud.OnAsync("od1", "cd /mnt/survivor && sha256sum synced"));
        await EndAsync("survivor");
        await new InstanceActions(cloud.Session).RemoveAsync([await cloud.InstanceAsync("dies")]);
    }

    [HostedFact]
    public async Task APowerCutWhileFormattingCostsNothingAndIsNeverFormattedOver()
    {
        const string Slow = "printf '#!/bin/sh\\nfor disk; do :; done\\nhead -c 9000 /dev/urandom | dd of=$disk conv=notrunc,fsync 2>/dev/null\\ntouch /run/formatting\\nsleep 100\\n' | sudo tee /usr/local/sbin/mkfs.ext4 >/dev/null && sudo chmod 755 /usr/local/sbin/mkfs.ext4";
        await cloud.LaunchAsync("dies2", "us-east-2a");
        await cloud.OnAsync("dies2", Slow);
        Volume own = await cloud.MakeAsync("half", on: null, zone: "us-east-2a");
        Task<Fe2Exception> mounting = cloud.FailsAsync(() => cloud.MountAsync("half", "dies2"));
        await Until.TrueAsync(async () => await cloud.OnAsync("dies2", "ls /run/formatting 2>/dev/null || :") != "", "mkfs is at work");
        Task<Fe2Exception> making = cloud.FailsAsync(() => cloud.MakeAsync("lost", on: "dies2"));
        await Until.TrueAsync(async () => (await cloud.OnAsync("dies2", "pgrep -cf '^/bin/sh /usr/local/sbin/mkfs.ext4' || :")) == "2", "both are being formatted");

        await cloud.FaultAsync(new { kind = "kill", instance = "dies2" });
        Fe2Exception made = await making;
        Assert.Contains("removed again", made.Message, StringComparison.Ordinal);
        Assert.Equal("half", VolumeFacts.NameOf(await cloud.Query.GetAsync(own.VolumeId)));
        await mounting;
        Assert.Equal([own.VolumeId], await cloud.DataVolumesAsync());

        await cloud.DismountAsync("half");
        Assert.Equal("VolumeNotBlank", (await cloud.FailsAsync(() => cloud.MountAsync("half", "od1"))).Id);
        await new VolumeRemoval(cloud.Session).RemoveAsync(own);
        await new InstanceActions(cloud.Session).RemoveAsync([await cloud.InstanceAsync("dies2")]);
    }

    [HostedFact]
    public async Task APowerCutWhileASnapshotIsTakenLeavesNothingFrozenAndNothingHalf()
    {
        await cloud.LaunchAsync("dies3", "us-east-2a");
        Volume volume = await cloud.MakeAsync("halted", on: "dies3", point: "/mnt/halted");
        string sum = await cloud.OnAsync("dies3", "cd /mnt/halted && head -c 5000000 /dev/urandom > synced && sync && sha256sum synced");
        await cloud.FaultAsync(new { kind = "slow", operation = "CreateSnapshot", seconds = 4, times = 1 });
        Task<Fe2Exception> taking = cloud.FailsAsync(() => cloud.Snapshots.CreateAsync(volume, new SnapshotRequest { Name = "halted" }));
        await Until.TrueAsync(async () => await cloud.OnAsync("dies3", "ls /run | grep fe2-freeze || :") != "", "it is being frozen");
        await cloud.FaultAsync(new { kind = "kill", instance = "dies3" });

        // Nobody knows whether it was still to the end, so it is not kept.
        Fe2Exception failed = await taking;
        Assert.Contains("dies3", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain((await new SnapshotQuery(cloud.Session).ListAsync([])).Snapshots, s => s.VolumeId == volume.VolumeId);
        await Until.TrueAsync(async () => InstanceFacts.StateOf(await cloud.InstanceAsync("dies3")) == "stopped", "the instance has stopped");
        await cloud.DismountAsync("halted");
        await cloud.MountAsync("halted", "od1");
        Assert.Equal(sum, await cloud.OnAsync("od1", "cd /mnt/halted && echo more > more && sha256sum synced"));
        await EndAsync("halted");
        await new InstanceActions(cloud.Session).RemoveAsync([await cloud.InstanceAsync("dies3")]);
    }

    [HostedFact]
    public async Task APowerCutWhileASnapshotIsCopiedDoesNotReachTheSnapshot()
    {
        await cloud.LaunchAsync("dies4", "us-east-2a");
        Volume volume = await cloud.MakeAsync("source", on: "dies4", point: "/mnt/source");
        string sum = await cloud.OnAsync("dies4", "cd /mnt/source && head -c 200000000 /dev/urandom > synced && sha256sum synced");
        Snapshot snapshot = await cloud.Snapshots.CreateAsync(volume, new SnapshotRequest { Name = "copied" });
        await cloud.FaultAsync(new { kind = "kill", instance = "dies4" });
        Assert.Empty((await new SnapshotWaiter(cloud.Session).WaitAsync([snapshot], TimeSpan.FromSeconds(60))).Problems);
        await cloud.Maker.MakeAsync(new VolumeRequest
        {
            Name = "restored",
            Snapshot = "copied",
            Instance = await cloud.InstanceAsync("far"),
            Mount = new MountRequest { MountPoint = "/mnt/restored" },
        });
        Assert.Equal(sum, await cloud.OnAsync("far", "cd /mnt/restored && sha256sum synced"));
        await EndAsync("restored");
        await Until.TrueAsync(async () => InstanceFacts.StateOf(await cloud.InstanceAsync("dies4")) == "stopped", "the instance has stopped");
        await EndAsync("source");
        await new InstanceActions(cloud.Session).RemoveAsync([await cloud.InstanceAsync("dies4")]);
    }

    [HostedTheory]
    [InlineData("throttle", "*Volume*")]
    [InlineData("error", "CreateVolume")]
    [InlineData("error", "AttachVolume")]
    [InlineData("error", "ModifyInstanceAttribute")]
    [InlineData("error", "DescribeVolumes")]
    [InlineData("lost-answer", "CreateVolume")]
    [InlineData("lost-answer", "AttachVolume")]
    [InlineData("lost-answer", "DetachVolume")]
    [InlineData("lost-answer", "CreateSnapshot")]
    public async Task WhatPassesIsPassedOver(string kind, string operation)
    {
        await cloud.FaultAsync(new { kind, operation, times = 2 });
        Volume volume = await cloud.MakeAsync("patient", point: "/mnt/patient");
        Snapshot snapshot = await cloud.Snapshots.CreateAsync(volume, new SnapshotRequest { Name = "patient" });
        await cloud.DismountAsync("patient");
        await cloud.ClearFaultsAsync();
        Assert.Equal([volume.VolumeId], await cloud.DataVolumesAsync());
        Assert.Equal([snapshot.SnapshotId], (await new SnapshotQuery(cloud.Session).ListAsync(["patient"])).Snapshots.Select(s => s.SnapshotId));
        await EndAsync("patient");
    }

    [HostedTheory]
    [InlineData("AttachVolume")]
    [InlineData("ModifyInstanceAttribute")]
    public async Task WhatIsRefusedLeavesNoVolume(string operation)
    {
        await cloud.FaultAsync(new { kind = "deny", operation });
        Fe2Exception refused = await cloud.FailsAsync(() => cloud.MakeAsync("refused"));
        await cloud.ClearFaultsAsync();
        Assert.Equal("Unauthorized", refused.Id);
        Assert.Contains("removed again", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await cloud.DataVolumesAsync());
    }

    [HostedFact]
    public async Task WhatCannotBeRemovedIsNamed()
    {
        await cloud.FaultAsync(new { kind = "deny", operation = "AttachVolume" });
        await cloud.FaultAsync(new { kind = "deny", operation = "DeleteVolume" });
        Fe2Exception refused = await cloud.FailsAsync(() => cloud.MakeAsync("stuck"));
        await cloud.ClearFaultsAsync();
        Volume left = await cloud.Query.GetAsync("stuck");
        Assert.Contains($"Remove-Fe2Volume {left.VolumeId}", refused.Message, StringComparison.Ordinal);
        await new VolumeRemoval(cloud.Session).RemoveAsync(left);
    }

    [HostedFact]
    public async Task TwoSessionsAtOnceDoNotGetInEachOthersWay()
    {
        // One volume, mounted twice on one machine: both get the one mount.
        await cloud.MakeAsync("shared", on: null, zone: "us-east-2a");
        Volume[] both = await Task.WhenAll(cloud.MountAsync("shared", "od1"), cloud.MountAsync("shared", "od1"));
        Assert.Equal(VolumeFacts.MountPointOf(both[0]), VolumeFacts.MountPointOf(both[1]));
        await cloud.DismountAsync("shared");

        // One volume, two machines: one gets it.
        Task<Volume>[] race = [cloud.MountAsync("shared", "od1"), cloud.MountAsync("shared", "od2")];
        await Task.WhenAll(race.Select(r => r.ContinueWith(_ => { }, TaskScheduler.Default)));
        _ = Assert.Single(race, r => r.IsCompletedSuccessfully);
        Assert.Equal("VolumeInUse", ((Fe2Exception)Assert.Single(race, r => r.IsFaulted).Exception!.InnerException!).Id);
        await EndAsync("shared");

        // Two volumes, one mount point: one gets it, the other is removed again.
        Task<Volume>[] places = [cloud.MakeAsync("left", point: "/mnt/place"), cloud.MakeAsync("right", point: "/mnt/place")];
        await Task.WhenAll(places.Select(p => p.ContinueWith(_ => { }, TaskScheduler.Default)));
        Volume winner = await Assert.Single(places, p => p.IsCompletedSuccessfully);
        Assert.Equal("MountPointInUse", ((Fe2Exception)Assert.Single(places, p => p.IsFaulted).Exception!.InnerException!).Id);
        Assert.Equal([winner.VolumeId], await cloud.DataVolumesAsync());
        await EndAsync(winner.VolumeId);
    }

    [HostedFact]
    public async Task AnInterruptedLaunchOfAVolumeSaysWhatIsLeft()
    {
        using var stop = new CancellationTokenSource();
        await cloud.FaultAsync(new { kind = "slow", operation = "AttachVolume", seconds = 5, times = 1 });
        Task<Volume> making = cloud.Maker.MakeAsync(new VolumeRequest { Name = "interrupted", Size = 1, Instance = await cloud.InstanceAsync("od1") }, stop.Token);
        await Until.TrueAsync(async () => (await cloud.Query.ListAsync(new VolumeSelector { Names = ["interrupted"] })).Volumes.Count > 0, "the volume is made");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => making);
        await cloud.ClearFaultsAsync();
        Volume left = await cloud.Query.GetAsync("interrupted");
        Assert.Contains(cloud.Reports.All.OfType<WarningReport>(), w => w.Message.Contains($"Remove-Fe2Volume {left.VolumeId}", StringComparison.Ordinal));
        await EndAsync("interrupted");
    }

    /// <summary>Removes a volume, whatever it is attached to, and its snapshots.</summary>
    private async Task EndAsync(string volume, string? writesOn = null)
    {
        await cloud.ClearFaultsAsync();
        if (writesOn is not null)
            await cloud.OnAsync(writesOn, "pkill -f '[/]ticks' || :");
        Volume free = await cloud.DismountAsync(volume, force: true);
        foreach (Snapshot snapshot in (await new SnapshotQuery(cloud.Session).ListAsync([])).Snapshots.Where(s => s.VolumeId == free.VolumeId))
            await new SnapshotRemoval(cloud.Session).RemoveAsync(snapshot);
        await new VolumeRemoval(cloud.Session).RemoveAsync(free);
        await Until.TrueAsync(async () => !(await cloud.DataVolumesAsync()).Contains(free.VolumeId), "the volume is gone");
    }

    /// <summary>Somebody who writes the time ten times a second.</summary>
    private async Task WriteOnAsync(string name, string point)
    {
        await cloud.OnAsync(name, $"(nohup sh -c 'while :; do date +%s%N >> {point}/ticks; sleep 0.1; done' >/dev/null 2>&1 &)");
        await GoesOnAsync(name, point);
    }

    private async Task GoesOnAsync(string name, string point)
    {
        string before = "";
        await Until.TrueAsync(
            async () =>
            {
                string now = await cloud.OnAsync(name, $"tail -n 1 {point}/ticks 2>/dev/null || :");
                (bool moved, before) = (before != "" && now != before, now);
                return moved;
            },
            "something is written");
    }

    private async Task<TimeSpan> LongestGapAsync(string name, string point)
    {
        long[] ticks = [.. (await cloud.OnAsync(name, $"cat {point}/ticks")).Split('\n').Select(t => long.Parse(t, CultureInfo.InvariantCulture))];
        return TimeSpan.FromMilliseconds(ticks.Zip(ticks.Skip(1), (a, b) => (b - a) / 1e6).Max());
    }
}
