using Amazon.EC2.Model;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Images;

public sealed class ImageFinderTests
{
    [Theory]
    [InlineData("x86_64")]
    [InlineData("arm64")]
    public async Task TheNewestUbuntuIsTheDefault(string architecture)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var finder = new ImageFinder(await cloud.SessionAsync());

        Image image = await finder.GetAsync(null, architecture);

        Assert.Equal((architecture, ImageFinder.Canonical), (image.Architecture.Value, image.OwnerId));
        Assert.Contains("ubuntu", image.Name, StringComparison.Ordinal);
        Assert.Equal(image.ImageId, (await finder.GetAsync(image.ImageId)).ImageId);
    }

    [Fact]
    public async Task WithoutTheParameterTheOwnersImagesAreAsked()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Image usual = await new ImageFinder(await cloud.SessionAsync()).GetAsync();
        await cloud.FaultAsync(new { kind = "deny", operation = "GetParameter*" });

        Image image = await new ImageFinder(await cloud.SessionAsync(region: "us-east-1")).GetAsync();

        Assert.Equal(ImageFinder.Canonical, image.OwnerId);
        Assert.Equal(usual.Name.Split('/')[^1].Split("-server-")[0], image.Name.Split('/')[^1].Split("-server-")[0]);
    }

    [Fact]
    public async Task OwnImagesComeFirstByNameAndMustBeAvailable()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance instance = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "base" }));
        string id = (await session.Ec2.CreateImageAsync(new CreateImageRequest { InstanceId = instance.InstanceId, Name = "base" })).ImageId;
        var finder = new ImageFinder(session);
        await Until.TrueAsync(async () => (await finder.ListAsync(["base"]))[0].State.Value == "available", "the image is there");

        Assert.Equal(id, (await finder.GetAsync("base")).ImageId);
        Assert.Equal(id, (await finder.GetAsync("ba*")).ImageId);
        Assert.Equal(id, Assert.Single(await finder.ListAsync([])).ImageId);
        Assert.Equal("ImageArchitecture", (await Assert.ThrowsAsync<Fe2Exception>(() => finder.GetAsync("base", "arm64"))).Id);
        Assert.Equal("ImageNotFound", (await Assert.ThrowsAsync<Fe2Exception>(() => finder.GetAsync("nobase"))).Id);
        Instance copy = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "inst1", Image = "base", DiskSize = 80 }));
        Assert.Equal(id, copy.ImageId);
    }

    [Theory]
    [InlineData(2026, 3, "24.04")]
    [InlineData(2026, 4, "26.04")]
    [InlineData(2027, 11, "26.04")]
    [InlineData(2025, 1, "24.04")]
    public void LongTermVersionsComeEverySecondApril(int year, int month, string newest) =>
        Assert.Equal(newest, ImageFinder.LongTermVersions(new DateTimeOffset(year, month, 1, 0, 0, 0, TimeSpan.Zero)).First());
}
