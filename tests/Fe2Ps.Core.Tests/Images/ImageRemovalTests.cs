using Amazon.EC2.Model;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Images;

public sealed class ImageRemovalTests
{
    [Fact]
    public async Task AnImageGoesWithItsSnapshots()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Image image = await FrozenAsync(session);

        await new ImageRemoval(session).RemoveAsync(image, force: false);

        Assert.Empty((await cloud.RegionAsync())["images"]!.AsArray());
        Assert.Empty((await cloud.RegionAsync())["snapshots"]!.AsArray());
    }

    [Fact]
    public async Task AnImageInUseStaysUntilItIsForced()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Image image = await FrozenAsync(session);
        Instance copy = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "inst1", Image = "base" }));
        await session.Ec2.CreateLaunchTemplateAsync(new CreateLaunchTemplateRequest
        {
            LaunchTemplateName = "nightly",
            LaunchTemplateData = new RequestLaunchTemplateData { ImageId = image.ImageId },
        });
        var removal = new ImageRemoval(session);

        Fe2Exception refusal = await Assert.ThrowsAsync<Fe2Exception>(() => removal.RemoveAsync(image, force: false));

        Assert.Equal("ImageInUse", refusal.Id);
        Assert.Contains($"inst1 ({copy.InstanceId})", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("the launch template nightly", refusal.Message, StringComparison.Ordinal);
        Assert.Single((await cloud.RegionAsync())["images"]!.AsArray());

        await new InstanceActions(session).RemoveAsync([copy]);
        Assert.DoesNotContain("inst1", (await Assert.ThrowsAsync<Fe2Exception>(() => removal.RemoveAsync(image, force: false))).Message, StringComparison.Ordinal);

        await removal.RemoveAsync(image, force: true);
        Assert.Empty((await cloud.RegionAsync())["images"]!.AsArray());
    }

    [Fact]
    public async Task ManyImagesAreLookedAtOnceAndOneThatStaysDoesNotHoldUpTheRest()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await ImageFreezerTests.MachineAsync(session, "base");
        var images = new List<Image>();
        foreach (string name in new[] { "one", "two", "three", "four" })
            images.Add(await ImageFreezerTests.FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Name = name, Wait = true, NoReboot = true }));
        await session.Ec2.CreateLaunchTemplateAsync(new CreateLaunchTemplateRequest
        {
            LaunchTemplateName = "nightly",
            LaunchTemplateData = new RequestLaunchTemplateData { ImageId = images[1].ImageId },
        });
        await cloud.ForgetCallsAsync();
        var problems = new Dictionary<string, Fe2Exception?>();

        await new ImageRemoval(session).RemoveAllAsync(images, force: false, (image, problem) =>
        {
            problems[ImageFacts.NameOf(image)!] = problem;
            return Task.CompletedTask;
        });

        Assert.Equal([("four", null), ("one", null), ("three", null), ("two", "ImageInUse")], problems.Select(p => (p.Key, p.Value?.Id)).Order());
        Assert.Equal(
            ["DeregisterImage", "DeregisterImage", "DeregisterImage", "DescribeImages", "DescribeInstances", "DescribeLaunchTemplateVersions"],
            (await cloud.OperationsAsync()).Order(StringComparer.Ordinal));
        Assert.Single((await cloud.RegionAsync())["images"]!.AsArray());
    }

    [Fact]
    public async Task WhoMayNotSeeTemplatesIsToldAndMayStillRemove()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Image image = await FrozenAsync(session);
        await cloud.FaultAsync(new { kind = "deny", operation = "DescribeLaunchTemplateVersions" });
        var reports = new Reports();

        await new ImageRemoval(session).RemoveAsync(image, force: false, reports);

        Assert.Contains("launch template", Assert.Single(reports.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SnapshotsThatStayAreNamedWithTheWayToRemoveThem()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Image image = await FrozenAsync(session);
        await cloud.FaultAsync(new { kind = "snapshots-stay" });

        Fe2Exception failure = await Assert.ThrowsAsync<Fe2Exception>(() => new ImageRemoval(session).RemoveAsync(image, force: false));

        string snapshot = Assert.Single(ImageFacts.SnapshotIds(image));
        Assert.Equal("SnapshotsLeft", failure.Id);
        Assert.Contains(snapshot, failure.Message, StringComparison.Ordinal);
        Assert.Equal($"Remove them: Remove-Fe2Snapshot {snapshot}", failure.NextStep);
    }

    [Fact]
    public async Task AnImageOfOthersIsRefused()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Image ubuntu = await new ImageFinder(session).GetAsync();
        Assert.Equal("ImageNotOwn", (await Assert.ThrowsAsync<Fe2Exception>(() => new ImageRemoval(session).RemoveAsync(ubuntu, force: true))).Id);
    }

    private static async Task<Image> FrozenAsync(Fe2Session session)
    {
        Instance machine = await ImageFreezerTests.MachineAsync(session, "base");
        Image image = await ImageFreezerTests.FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });
        return image;
    }
}
