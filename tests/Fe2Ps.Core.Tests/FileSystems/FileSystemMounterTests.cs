using Amazon.EC2.Model;
using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.FileSystems;

/// <summary>What becomes of the others when one machine fails, and of a new file system when all do.</summary>
public sealed class FileSystemMounterTests
{
    [Fact]
    public async Task AMachineThatFailsDoesNotEndTheOthers()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        // The tenth of these records is stopped.
        Instance[] all = await FileSystemMakerTests.MachinesAsync(cloud, session, 10);
        Instance[] machines = [all[0], all[9], all[1], all[2]];
        Assert.Equal("stopped", InstanceFacts.StateOf(machines[1]));
        var connector = new AnsweringConnector(t => t.Name == "m-2" ? AnsweringConnector.Said("", 66, "umount: target is busy\n") : AnsweringConnector.Said("point /mnt/shared\n"));
        var mounter = new FileSystemMounter(session, connector);
        var reports = new Reports();

        FileSystemOutcome mounted = await mounter.MountAsync("shared", machines, report: reports);
        Assert.Equal(["m-1", "m-3"], mounted.Machines.Select(InstanceFacts.NameOf));
        Assert.Equal(["InstanceNotRunning", "FileSystemBusy"], mounted.Problems.Select(p => p.Id));
        Assert.Empty(reports.Warnings);

        FileSystemOutcome dismounted = await mounter.DismountAsync(mounted.FileSystem, machines);
        Assert.Equal(["m-1", "m-3"], dismounted.Machines.Select(InstanceFacts.NameOf));
        Assert.Equal(["InstanceNotRunning", "FileSystemBusy"], dismounted.Problems.Select(p => p.Id));
        Assert.Equal(["m-1", "m-2", "m-3", "m-1", "m-2", "m-3"], connector.Ran);
    }

    [Fact]
    public async Task ANewOneThatNoMachineCouldMountIsNamedAndOneThatWasThereIsNot()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance stopped = (await FileSystemMakerTests.MachinesAsync(cloud, session, 10))[9];
        var mounter = new FileSystemMounter(session, new AnsweringConnector());
        var reports = new Reports();

        FileSystemOutcome outcome = await mounter.MountAsync("shared", [stopped], report: reports);
        Assert.Empty(outcome.Machines);
        Assert.Single(outcome.Problems);
        Assert.Contains($"Remove-Fe2FileSystem {outcome.FileSystem.FileSystemId} -Region us-east-2", Assert.Single(reports.Warnings), StringComparison.Ordinal);

        await mounter.MountAsync("shared", [stopped], report: reports);
        Assert.Single(reports.Warnings);
    }

    [Fact]
    public async Task ANewOneIsNamedWhenTheWayToItCannotBeOpened()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance[] machines = await FileSystemMakerTests.MachinesAsync(cloud, session, 1);
        await cloud.FaultAsync(new { kind = "deny", operation = "CreateSecurityGroup" });
        var reports = new Reports();

        await Assert.ThrowsAsync<Fe2Exception>(() => new FileSystemMounter(session, new AnsweringConnector()).MountAsync("shared", machines, report: reports));

        string id = Assert.Single((await new FileSystemQuery(session).ListAsync([])).FileSystems).FileSystemId;
        Assert.Contains($"Remove-Fe2FileSystem {id} ", Assert.Single(reports.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANewOneIsNamedWhenTheWorkIsInterrupted()
    {
        await using TestCloud cloud = await TestCloud.StartAsync(SandboxSpeed.Realistic);
        Fe2Session session = await cloud.SessionAsync();
        Instance[] machines = await FileSystemMakerTests.MachinesAsync(cloud, session, 1);
        using var stop = new CancellationTokenSource();
        var reports = new Reports();

        Task<FileSystemOutcome> mounting = new FileSystemMounter(session, new AnsweringConnector()).MountAsync("shared", machines, report: reports, cancellationToken: stop.Token);
        var query = new FileSystemQuery(session);
        await Until.TrueAsync(async () => (await query.ListAsync([])).FileSystems.Count > 0, "it is being made", 60);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => mounting);
        string id = Assert.Single((await query.ListAsync([])).FileSystems).FileSystemId;
        Assert.Contains($"Remove-Fe2FileSystem {id} ", Assert.Single(reports.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOrderWhoseAnswerWasNotAwaitedIsSaidToBePossible()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance[] machines = await FileSystemMakerTests.MachinesAsync(cloud, session, 1);
        await cloud.FaultAsync(new { kind = "slow", operation = "CreateFileSystem", seconds = 5, times = 1 });
        using var stop = new CancellationTokenSource();
        var ordered = new Ordered(stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new FileSystemMounter(session, new AnsweringConnector()).MountAsync("shared", machines, report: ordered, cancellationToken: stop.Token));

        string warning = Assert.Single(ordered.Warnings);
        Assert.Contains("'shared' may come", warning, StringComparison.Ordinal);
        Assert.Contains("Remove-Fe2FileSystem", warning, StringComparison.Ordinal);
    }

    /// <summary>Interrupts as soon as the order is about to go out, and keeps the warnings.</summary>
    private sealed class Ordered(CancellationTokenSource stop) : IProgress<Fe2Report>
    {
        public List<string> Warnings { get; } = [];

        public void Report(Fe2Report value)
        {
            if (value is WarningReport warning)
                Warnings.Add(warning.Message);
            else if (value is ProgressReport { Status: "Creating the file system" })
                stop.CancelAfter(TimeSpan.FromMilliseconds(300));
        }
    }
}
