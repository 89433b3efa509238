namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class LaunchTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    private static string[] Valid => [$"ImageId={LocalSandbox.Ami()}", "InstanceType=t3.micro", "MinCount=1", "MaxCount=1"];

    [Theory]
    [InlineData("ImageId=ami-0123456789abcdef0", "InvalidAMIID.NotFound")]
    [InlineData("ImageId=ami", "InvalidAMIID.Malformed")]
    [InlineData("InstanceType=t99.huge", "InvalidParameterValue")]
    [InlineData("InstanceType=u-24tb1.metal", "Unsupported")]
    [InlineData("InstanceType=t4g.micro", "InvalidParameterValue")]
    [InlineData("KeyName=nobody", "InvalidKeyPair.NotFound")]
    [InlineData("SubnetId=subnet-0123456789abcdef0", "InvalidSubnetID.NotFound")]
    [InlineData("Placement.AvailabilityZone=us-east-2z", "InvalidParameterValue")]
    [InlineData("SecurityGroupId.1=sg-0123456789abcdef0", "InvalidGroup.NotFound")]
    [InlineData("SecurityGroupId.1=x", "InvalidGroupId.Malformed")]
    [InlineData("MinCount=2", "InvalidParameterCombination")]
    [InlineData("MinCount=0", "InvalidParameterValue")]
    [InlineData("UserData=%%%", "InvalidUserData.Malformed")]
    [InlineData("BlockDeviceMapping.1.Ebs.VolumeSize=4", "InvalidBlockDeviceMapping", "BlockDeviceMapping.1.DeviceName=/dev/sda1")]
    [InlineData("BlockDeviceMapping.1.Ebs.Throughput=50", "InvalidParameterValue", "BlockDeviceMapping.1.DeviceName=/dev/sda1")]
    [InlineData("TagSpecification.1.ResourceType=vpc", "InvalidParameterValue", "TagSpecification.1.Tag.1.Key=a")]
    [InlineData("TagSpecification.1.Tag.1.Key=aws:x", "InvalidParameterValue", "TagSpecification.1.ResourceType=instance")]
    [InlineData("TagSpecification.1.Tag.1.Key=a\u0001", "InvalidParameterValue", "TagSpecification.1.ResourceType=instance")]
    [InlineData("TagSpecification.1.Tag.1.Key=a", "InvalidParameterCombination", "TagSpecification.1.ResourceType=spot-instances-request")]
    [InlineData("InstanceMarketOptions.SpotOptions.MaxPrice=0.0001", "SpotMaxPriceTooLow", "InstanceMarketOptions.MarketType=spot")]
    [InlineData("InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior=stop", "InvalidParameterCombination", "InstanceMarketOptions.MarketType=spot")]
    [InlineData("NetworkInterface.1.AssociatePublicIpAddress=true", "InvalidParameterValue")]
    [InlineData("NetworkInterface.1.DeviceIndex=0", "InvalidParameterCombination", "SecurityGroupId.1=sg-0123456789abcdef0")]
    [InlineData("DryRun=true", "DryRunOperation")]
    public async Task A_bad_launch_is_refused_with_EC2s_own_code(string change, string code, string? more = null)
    {
        var name = change[..change.IndexOf('=', StringComparison.Ordinal)];
        var parameters = Valid.Where(parameter => !parameter.StartsWith(name + "=", StringComparison.Ordinal)).Append(change);
        Assert.Equal(code, await sandbox.CodeOfAsync("RunInstances", [.. more is null ? parameters : parameters.Append(more)]));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("NetworkInterface.1.AssociatePublicIpAddress=true", true)]
    [InlineData("NetworkInterface.1.AssociatePublicIpAddress=false", false)]
    public async Task A_public_address_is_the_callers_wish_or_the_subnets(string? wish, bool expected)
    {
        var subnet = sandbox.Region.Subnets.Single(subnet => subnet.Zone == "us-east-2c");
        subnet.MapPublicIpOnLaunch = false;
        try
        {
            string[] network = wish is null
                ? [$"SubnetId={subnet.Id}"] : [wish, "NetworkInterface.1.DeviceIndex=0", $"NetworkInterface.1.SubnetId={subnet.Id}"];
            var id = (await sandbox.LaunchAsync(1, network))[0];
            await sandbox.StateAsync(id, "running");
            Assert.Equal(expected, sandbox.Region.Instances[id].PublicIp is not null);
        }
        finally
        {
            subnet.MapPublicIpOnLaunch = true;
        }
    }

    [Fact]
    public async Task Tags_reach_instance_volume_and_spot_request_in_the_same_call()
    {
        string[] kinds = ["instance", "volume", "spot-instances-request"];
        var tags = kinds.SelectMany((kind, index) => new[]
        {
            $"TagSpecification.{index + 1}.ResourceType={kind}", $"TagSpecification.{index + 1}.Tag.1.Key=fe2:job", $"TagSpecification.{index + 1}.Tag.1.Value=tagged",
        });
        await sandbox.LaunchAsync(1, [.. tags, "InstanceMarketOptions.MarketType=spot"]);
        var found = await sandbox.CallAsync("DescribeTags", "Filter.1.Name=value", "Filter.1.Value.1=tagged");
        Assert.Equal(kinds.Order(), found.Descendants("resourceType").Select(element => element.Value).Order());
    }

    [Fact]
    public async Task The_same_client_token_launches_once_and_another_request_with_it_is_refused()
    {
        string[] request = [.. Valid, "ClientToken=token-1"];
        var first = (await sandbox.CallAsync("RunInstances", request)).Descendants("instanceId").Single().Value;
        var second = (await sandbox.CallAsync("RunInstances", request)).Descendants("instanceId").Single().Value;
        Assert.Equal(first, second);
        Assert.Equal("IdempotentParameterMismatch", await sandbox.CodeOfAsync("RunInstances", [.. request, "EbsOptimized=true"]));
    }

    [Fact]
    public async Task An_instance_lives_through_its_states_and_stays_visible_when_terminated()
    {
        var id = (await sandbox.LaunchAsync())[0];
        var stopping = await sandbox.CallAsync("StopInstances", $"InstanceId.1={id}");
        Assert.Equal("stopping", stopping.Descendants("currentState").Single().Element("name")!.Value);
        await sandbox.StateAsync(id, "stopped");
        var stopped = (await sandbox.CallAsync("DescribeInstances", $"InstanceId.1={id}")).Descendants("instancesSet").Single().Element("item")!;
        Assert.Null(stopped.Element("ipAddress"));
        Assert.StartsWith("User initiated (", stopped.Element("reason")!.Value, StringComparison.Ordinal);
        await sandbox.CallAsync("ModifyInstanceAttribute", $"InstanceId={id}", "InstanceType.Value=m5.large");
        await sandbox.CallAsync("StartInstances", $"InstanceId.1={id}");
        await sandbox.StateAsync(id, "running");
        Assert.Equal("IncorrectInstanceState", await sandbox.CodeOfAsync("ModifyInstanceAttribute", $"InstanceId={id}", "InstanceType.Value=m5.xlarge"));
        await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={id}");
        await sandbox.StateAsync(id, "terminated");
        var ended = (await sandbox.CallAsync("DescribeInstances", $"InstanceId.1={id}")).Descendants("instancesSet").Single().Element("item")!;
        Assert.Equal("m5.large", ended.Element("instanceType")!.Value);
        Assert.Equal("Client.UserInitiatedShutdown", ended.Element("stateReason")!.Element("code")!.Value);
        Assert.Equal("IncorrectInstanceState", await sandbox.CodeOfAsync("StartInstances", $"InstanceId.1={id}"));
        Assert.Empty((await sandbox.CallAsync("DescribeVolumes", "Filter.1.Name=attachment.instance-id", $"Filter.1.Value.1={id}")).Descendants("volumeId"));
    }

    [Fact]
    public async Task Termination_protection_holds()
    {
        var id = (await sandbox.LaunchAsync(1, "DisableApiTermination=true"))[0];
        Assert.Equal("OperationNotPermitted", await sandbox.CodeOfAsync("TerminateInstances", $"InstanceId.1={id}"));
        await sandbox.CallAsync("ModifyInstanceAttribute", $"InstanceId={id}", "DisableApiTermination.Value=false");
        await sandbox.CallAsync("TerminateInstances", $"InstanceId.1={id}");
    }
}
