using Amazon.DLM;
using Amazon.DLM.Model;
using Amazon.EC2.Model;
using Fe2Ps.Core.Backups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;
using Fe2Ps.Core.Tests.Storage;
using Fe2Ps.Tests.Support;
using Tag = Amazon.EC2.Model.Tag;

namespace Fe2Ps.Core.Tests.Backups;

/// <summary>Backups as policies of the sandbox's Data Lifecycle Manager.</summary>
public sealed class BackupTests
{
    [Theory]
    [InlineData("6h", 6)]
    [InlineData(" 12 Hours ", 12)]
    [InlineData("1d", 24)]
    [InlineData("2", 2)]
    [InlineData("06:00:00", 6)]
    [InlineData("1.00:00:00", 24)]
    public void AnIntervalIsReadAsPeopleWriteIt(string every, int hours) => Assert.Equal(hours, BackupSchedule.Parse(every, null, 7).Hours);

    [Theory]
    [InlineData("5h", null, 7, "EveryInvalid")]
    [InlineData("2d", null, 7, "EveryInvalid")]
    [InlineData("often", null, 7, "EveryInvalid")]
    [InlineData("00:30:00", null, 7, "EveryInvalid")]
    [InlineData("6h", "25:00", 7, "AtInvalid")]
    [InlineData("6h", null, 0, "KeepInvalid")]
    [InlineData("6h", null, 1001, "KeepInvalid")]
    public void WhatThereIsNotIsRefusedWithTheValueAndWhatThereIs(string every, string? at, int keep, string id)
    {
        Fe2Exception refused = Assert.Throws<Fe2Exception>(() => BackupSchedule.Parse(every, at, keep));
        Assert.Equal(id, refused.Id);
        Assert.NotEmpty(refused.NextStep);
    }

    [Fact]
    public void TheNextTimeCountsFromTheTimeOfDay()
    {
        BackupSchedule schedule = BackupSchedule.Parse("6h", "3:30", 7);
        Assert.Equal(DateTimeOffset.Parse("2026-01-01T15:30:00Z"), schedule.NextAfter(DateTimeOffset.Parse("2026-01-01T09:30:00Z")));
        Assert.Equal("every 6 h from 03:30 UTC, 7 kept", schedule.ToString());
    }

    [Fact]
    public async Task ABackupIsMadeFoundAndEnded()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await VolumeAsync(session, "데이터 1");
        var reports = new Reports();
        var registration = new BackupRegistration(session, reports);
        Backup made = await registration.RegisterAsync(new BackupRequest("데이터 1", BackupSchedule.Parse("6h", "03:00", 2)) { Volumes = [volume] });
        Assert.Equal(("enabled", "데이터 1", BackupKind.Volume, 6, 2), (made.State, Assert.Single(made.Of), made.Kind, made.EveryHours, made.Keep));
        Assert.InRange(made.Next!.Value, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(6));
        Assert.Contains("AttachRolePolicy", await cloud.OperationsAsync());

        Fe2Exception taken = await Assert.ThrowsAsync<Fe2Exception>(() =>
            registration.RegisterAsync(new BackupRequest("데이터 1", BackupSchedule.Parse("12h", null, 7)) { Volumes = [volume] }));
        Assert.Equal("BackupExists", taken.Id);
        Assert.Contains("every 6 h", taken.Message);

        var query = new BackupQuery(session);
        for (int round = 1; round <= 3; round++)
        {
            await cloud.RunPolicyAsync(made.PolicyId);
            await Until.TrueAsync(async () => (await OfAsync(session, volume)) is var all && all.Count == Math.Min(round, 2) && all.All(s => s.State.Value == "completed"), $"round {round}", 60);
        }

        Backup found = Assert.Single((await query.ListAsync([])).Backups);
        Assert.Equal((made.PolicyId, volume.VolumeId, 2), (found.PolicyId, Assert.Single(found.ResourceIds), found.Snapshots));
        Assert.NotNull(found.Last);
        Assert.All(await OfAsync(session, volume), s => Assert.Equal("데이터 1", SnapshotFacts.NameOf(s)));
        Assert.Equal(made.PolicyId, Assert.Single((await query.ListAsync(["데*"])).Backups).PolicyId);
        Assert.Equal("BackupNotFound", Assert.Single((await query.ListAsync(["nosuch"])).Problems).Id);

        await registration.UnregisterAsync(found);
        Assert.Empty((await query.ListAsync([])).Backups);
        Assert.DoesNotContain((await new VolumeQuery(session).GetAsync("데이터 1")).Tags, t => t.Key.StartsWith("fe2:backup", StringComparison.Ordinal));
        Assert.Equal(2, (await OfAsync(session, volume)).Count);
        Assert.Contains(reports.All.OfType<WarningReport>(), r => r.Message.Contains("2 snapshots stay", StringComparison.Ordinal));
        Assert.Contains(reports.All.OfType<VerboseReport>(), r => r.Message.Contains(BackupRole.Name, StringComparison.Ordinal));

        // Gone already, and made again: the role is there by now.
        await registration.UnregisterAsync(found);
        await cloud.ForgetCallsAsync();
        await registration.RegisterAsync(new BackupRequest("데이터 1", BackupSchedule.Parse("12h", null, 7)) { Volumes = [volume] });
        Assert.DoesNotContain("CreateRole", await cloud.OperationsAsync());
    }

    [Fact]
    public async Task ANameThatSeveralBackupsHaveIsRefusedWithTheirIds()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await VolumeAsync(session, "data");
        Backup first = await new BackupRegistration(session).RegisterAsync(new BackupRequest("nightly", BackupSchedule.Parse("6h", null, 2)) { Volumes = [volume] });
        // Two computers at once: each of them has looked before the other had made its own.
        LifecyclePolicy made = (await session.Backups.GetLifecyclePolicyAsync(new GetLifecyclePolicyRequest { PolicyId = first.PolicyId })).Policy;
        string second = (await session.Backups.CreateLifecyclePolicyAsync(new CreateLifecyclePolicyRequest
        {
            Description = made.Description,
            ExecutionRoleArn = made.ExecutionRoleArn,
            State = SettablePolicyStateValues.ENABLED,
            PolicyDetails = made.PolicyDetails,
            Tags = made.Tags,
        })).PolicyId;
        var query = new BackupQuery(session);

        BackupSelection acted = await query.ResolveAsync(["nightly"]);
        Fe2Exception ambiguous = Assert.Single(acted.Problems);
        Assert.Equal(("BackupAmbiguous", Fe2ErrorKind.Ambiguous, "nightly"), (ambiguous.Id, ambiguous.Kind, ambiguous.Target));
        Assert.All([first.PolicyId, second], id => Assert.Contains(id, ambiguous.Message, StringComparison.Ordinal));
        Assert.NotEmpty(ambiguous.NextStep);
        Assert.Empty(acted.Backups);

        // Both are shown, a wildcard means both, and an id means the one.
        Assert.Equal(2, (await query.ListAsync(["nightly"])).Backups.Count);
        Assert.Equal(2, (await query.ResolveAsync(["night*"])).Backups.Count);
        Assert.Equal(second, Assert.Single((await query.ResolveAsync([second])).Backups).PolicyId);
    }

    [Fact]
    public async Task APolicyWhoseVolumeCannotBeMarkedIsRemovedAgain()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await VolumeAsync(session, "unmarked");
        await cloud.FaultAsync(new { kind = "deny", operation = "CreateTags" });
        await Assert.ThrowsAsync<Fe2Exception>(() =>
            new BackupRegistration(session).RegisterAsync(new BackupRequest("unmarked", BackupSchedule.Parse("6h", null, 2)) { Volumes = [volume] }));
        Assert.Empty((await new BackupQuery(session).ListAsync([])).Backups);
    }

    [Fact]
    public async Task AnOrderWhoseAnswerIsLostMakesOnePolicy()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await VolumeAsync(session, "once");
        await cloud.FaultAsync(new { kind = "lost-answer", operation = "CreateLifecyclePolicy", times = 1 });
        await new BackupRegistration(session).RegisterAsync(new BackupRequest("once", BackupSchedule.Parse("6h", null, 2)) { Volumes = [volume] });
        Assert.Single((await new BackupQuery(session).ListAsync([])).Backups);
    }

    [Fact]
    public async Task AnInstanceIsBackedUpWithAllItsVolumes()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.SeedAsync(new { instances = 1, prefix = "od" });
        Instance instance = Assert.Single((await new InstanceQuery(session).ListAsync(new InstanceSelector())).Instances);
        Backup made = await new BackupRegistration(session).RegisterAsync(
            new BackupRequest("machine", BackupSchedule.Parse("24h", null, 7)) { Instances = [instance], ExcludeRoot = true });
        Assert.Equal((BackupKind.Instance, true), (made.Kind, made.ExcludeRoot));
        Assert.Equal(InstanceFacts.NameOf(instance), Assert.Single(Assert.Single((await new BackupQuery(session).ListAsync(["machine"])).Backups).Of));
    }

    private static Task<Volume> VolumeAsync(Fe2Session session, string name) =>
        new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = name, Size = 1, Zone = "us-east-2a" });

    private static async Task<IReadOnlyList<Snapshot>> OfAsync(Fe2Session session, Volume volume) =>
        (await new SnapshotQuery(session).OfVolumesAsync([volume.VolumeId])).Snapshots;
}
