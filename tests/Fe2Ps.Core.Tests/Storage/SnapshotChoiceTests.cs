using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>Which snapshot a name means.</summary>
public sealed class SnapshotChoiceTests
{
    [Fact]
    public async Task AnOlderSnapshotNeverStandsInForTheNewestOfItsName()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = "data", Size = 1, Zone = "us-east-2a" });
        Snapshot old = await new SnapshotMaker(session, new FakeConnector()).CreateAsync(volume);
        Assert.Empty((await new SnapshotWaiter(session).WaitAsync([old], TimeSpan.FromSeconds(60))).Problems);
        Snapshot newest = await new SnapshotMaker(session, new FakeConnector()).CreateAsync(volume);
        string chosen;
        try
        {
            chosen = (await new SnapshotQuery(session).GetAsync("data")).SnapshotId;
        }
        catch (Fe2Exception refused)
        {
            // Unless it was finished by then.
            Assert.Equal("SnapshotNotReady", refused.Id);
            Assert.Contains($"Wait-Fe2Snapshot {newest.SnapshotId}", refused.NextStep, StringComparison.Ordinal);
            Assert.Contains(old.SnapshotId, refused.NextStep, StringComparison.Ordinal);
            chosen = (string)refused.Target!;
        }

        Assert.Equal(newest.SnapshotId, chosen);
        Assert.Empty((await new SnapshotWaiter(session).WaitAsync([newest], TimeSpan.FromSeconds(60))).Problems);
        Assert.Equal(newest.SnapshotId, (await new SnapshotQuery(session).GetAsync("data")).SnapshotId);
        Assert.Equal(old.SnapshotId, (await new SnapshotQuery(session).GetAsync(old.SnapshotId)).SnapshotId);
    }

    [Fact]
    public async Task TwoOfOneNameAndMomentAreBothKeptAndEverybodyMeansTheSame()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session[] users = [await cloud.SessionAsync("ann"), await cloud.SessionAsync("bob")];
        Volume volume = await new VolumeMaker(users[0], new FakeConnector()).MakeAsync(new VolumeRequest { Name = "data", Size = 1, Zone = "us-east-2a" });
        Snapshot[] both = await Task.WhenAll(users.Select(u => new SnapshotMaker(u, new FakeConnector()).CreateAsync(volume, new SnapshotRequest { Name = "daily" })));
        Assert.Empty((await new SnapshotWaiter(users[0]).WaitAsync(both, TimeSpan.FromSeconds(60))).Problems);
        Assert.Equal(2, (await new SnapshotQuery(users[0]).ListAsync(["daily"])).Snapshots.Count);
        string meant = (await new SnapshotQuery(users[0]).GetAsync("daily")).SnapshotId;
        Assert.Equal(meant, (await new SnapshotQuery(users[1]).GetAsync("daily")).SnapshotId);
        Assert.Contains(meant, both.Select(s => s.SnapshotId));
    }

    [Fact]
    public async Task AWaitWithoutALimitHasNoEndOfItsOwn()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Volume volume = await new VolumeMaker(session, new FakeConnector()).MakeAsync(new VolumeRequest { Name = "data", Size = 1, Zone = "us-east-2a" });
        Snapshot snapshot = await new SnapshotMaker(session, new FakeConnector()).CreateAsync(volume);
        Fe2Session slow = (await Fe2Session.OpenAsync(
            new SessionOptions("us-east-2", null, cloud.EndpointUrl), new Fe2Environment(_ => null, Path.Combine(cloud.Home, "me"), new DayAtATime())))
            .WithPace(new PollingPace(TimeSpan.FromMilliseconds(10), 1.2, TimeSpan.FromMilliseconds(100)));
        SnapshotSelection done = await new SnapshotWaiter(slow).WaitAsync([snapshot]);
        Assert.Empty(done.Problems);
        Assert.Equal("completed", SnapshotFacts.StateOf(done.Snapshots.Single()));
    }

    /// <summary>A day passes between any two looks at the clock.</summary>
    private sealed class DayAtATime : TimeProvider
    {
        private int days;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddDays(Interlocked.Increment(ref days));
    }
}
