using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>EC2's rules for machines that are stopped or hibernated instead of ended, checked before anything is launched.</summary>
public sealed class OnInterruptionRulesTests
{
    [Theory]
    [InlineData("OnInterruptionWithoutSpot", "-OnInterruption Stop", null, OnInterruption.Stop, false, null, null, null)]
    [InlineData("OnInterruptionWithoutSpot", "-OnInterruption Terminate", null, OnInterruption.Terminate, false, null, null, null)]
    [InlineData("SpotCannotStop", "one-time", null, OnInterruption.Terminate, true, ShutdownAction.Stop, null, null)]
    [InlineData("SpotWouldComeBack", "-OnShutdown Terminate", null, OnInterruption.Stop, true, ShutdownAction.Terminate, null, null)]
    [InlineData("HibernateTypeUnsupported", "g4dn.xlarge", "g4dn.xlarge", OnInterruption.Hibernate, true, null, null, null)]
    [InlineData("HibernateMemoryTooLarge", "192 GiB", "m5.12xlarge", OnInterruption.Hibernate, true, null, null, null)]
    [InlineData("HibernateDiskTooSmall", "-DiskSize 15", "m5.large", OnInterruption.Hibernate, true, null, 15, null)]
    [InlineData("HibernateImageUnsupported", "debian-12", "m5.large", OnInterruption.Hibernate, true, null, null, "debian-12-*")]
    public async Task WhatEC2WouldRefuseIsRefusedBeforeWithTheParameterAndWhatWorks(
        string id, string names, string? type, OnInterruption wanted, bool spot, ShutdownAction? onShutdown, int? disk, string? image)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var session = await cloud.SessionAsync();
        if (image is not null)
        {
            var found = await session.Ec2.DescribeImagesAsync(new DescribeImagesRequest { Filters = [InstanceQuery.Filter("name", [image]), InstanceQuery.Filter("architecture", ["x86_64"])] });
            image = found.Images[0].ImageId;
        }

        var request = new LaunchRequest { Name = "spot2", Spot = spot, InstanceType = type, OnInterruption = wanted, OnShutdown = onShutdown, DiskSize = disk, Image = image };
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => new InstanceLauncher(session, new FakeConnector()).LaunchAsync(request));
        Assert.Equal(id, error.Id);
        Assert.Contains(names, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.NextStep!);
        Assert.DoesNotContain("RunInstances", await cloud.OperationsAsync());
    }

    [Theory]
    [InlineData(null, "one-time", "terminate", "terminate", 8)]
    [InlineData(OnInterruption.Terminate, "one-time", "terminate", "terminate", 8)]
    [InlineData(OnInterruption.Stop, "persistent", "stop", "stop", 8)]
    [InlineData(OnInterruption.Hibernate, "persistent", "hibernate", "stop", 16)]
    public async Task TheSpotRequestSaysWhatIsToHappenAndTheDiskHasRoomForTheMemory(
        OnInterruption? wanted, string type, string behavior, string onShutdown, int disk)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var session = await cloud.SessionAsync();
        var instance = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(
            new LaunchRequest { Name = "spot2", Spot = true, InstanceType = "m5.large", OnInterruption = wanted }));

        var request = Assert.Single((await session.Ec2.DescribeSpotInstanceRequestsAsync(new DescribeSpotInstanceRequestsRequest())).SpotInstanceRequests);
        Assert.Equal((type, behavior), (request.Type.Value, request.InstanceInterruptionBehavior.Value));
        Assert.Equal(wanted == OnInterruption.Hibernate, instance.HibernationOptions.Configured);
        var volume = Assert.Single((await session.Ec2.DescribeVolumesAsync(new DescribeVolumesRequest())).Volumes);
        Assert.Equal((disk, true), (volume.Size!.Value, volume.Encrypted!.Value));
        var facts = await new RecoveryPlan(session).OfAsync(
            await new CloudJobs(session, new FakeConnector()).MachineAsync(instance), new RecoveryOptions(), InterruptSignal.USR1);
        Assert.Equal(wanted ?? OnInterruption.Terminate, facts.Machine.OnInterruption);
        Assert.Equal(behavior != "terminate", facts.ComesBack);
        if (type == "persistent")
        {
            var answer = await session.Ec2.DescribeInstanceAttributeAsync(new DescribeInstanceAttributeRequest
            {
                InstanceId = instance.InstanceId,
                Attribute = Amazon.EC2.InstanceAttributeName.InstanceInitiatedShutdownBehavior,
            });
            Assert.Equal(onShutdown, answer.InstanceAttribute.InstanceInitiatedShutdownBehavior);
        }

        await new InstanceActions(session).RemoveAsync([instance]);
        Assert.Empty(await cloud.OpenSpotRequestsAsync());
    }
}
