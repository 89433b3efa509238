using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>What is asked of a new volume and could not be used is refused before anything is asked of EC2.</summary>
public sealed class VolumeRequestTests
{
    [Theory]
    [InlineData(null, "/mnt/a", null, false, null, "MountPointWithoutInstance", "-MountPoint /mnt/a")]
    [InlineData(null, null, "xfs", false, null, "FileSystemWithoutInstance", "-FileSystem xfs")]
    [InlineData(null, null, null, true, "us-east-2b", "PersistWithoutInstance", "-Persist")]
    [InlineData("od1", "/mnt/a", "xfs", true, "us-east-2c", "ZoneWithInstance", "-Zone us-east-2c")]
    public async Task WhatNobodyWouldUseIsRefused(
        string? instance, string? point, string? fileSystem, bool persist, string? zone, string id, string parameter)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var request = new VolumeRequest
        {
            Name = "archive",
            Size = 5,
            Zone = zone,
            Mount = new MountRequest { MountPoint = point, FileSystem = fileSystem, Persist = persist },
        };

        Fe2Exception refused = await Assert.ThrowsAsync<Fe2Exception>(() => new VolumeMaker(session, new FakeConnector()).MakeForAsync(instance, request));

        Assert.Equal((id, Fe2ErrorKind.InvalidArgument), (refused.Id, refused.Kind));
        Assert.Contains(parameter, refused.Message, StringComparison.Ordinal);
        Assert.Contains("-Instance", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.NextStep);
        Assert.Empty(await cloud.OperationsAsync());
    }
}
