using System.Xml.Linq;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class TemplateTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public async Task A_launch_takes_from_its_template_what_it_does_not_say_itself()
    {
        var made = await CreateAsync("whole", "LaunchTemplateData.InstanceType=t3.small", "LaunchTemplateData.MetadataOptions.HttpTokens=required",
            "LaunchTemplateData.InstanceInitiatedShutdownBehavior=terminate", "LaunchTemplateData.TagSpecification.1.ResourceType=instance",
            "LaunchTemplateData.TagSpecification.1.Tag.1.Key=from", "LaunchTemplateData.TagSpecification.1.Tag.1.Value=template",
            "LaunchTemplateData.BlockDeviceMapping.1.DeviceName=/dev/sda1", "LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize=30");
        var run = await sandbox.CallAsync(
            "RunInstances", "MinCount=1", "MaxCount=1", "InstanceType=t3.large", "LaunchTemplate.LaunchTemplateName=whole", "LaunchTemplate.Version=$Latest",
            "TagSpecification.1.ResourceType=instance", "TagSpecification.1.Tag.1.Key=Name", "TagSpecification.1.Tag.1.Value=own");
        var instance = sandbox.Region.Instances[run.Descendants("instanceId").Single().Value];
        Assert.Equal(("t3.large", "required", "terminate"), (instance.Type, instance.HttpTokens, instance.ShutdownBehavior));
        Assert.Equal(("template", "own", made), (instance.Tags["from"], instance.Tags["Name"], instance.Tags["aws:ec2launchtemplate:id"]));
        Assert.Equal(30, sandbox.Region.Volumes[instance.RootVolumeId].Size);
    }

    [Fact]
    public async Task A_template_is_described_as_it_was_made_and_deleted()
    {
        var id = await CreateAsync("described", "LaunchTemplateData.InstanceType=t3.micro", "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit=2");
        Assert.Equal("InvalidLaunchTemplateName.AlreadyExistsException", (await Assert.ThrowsAsync<ApiFailure>(() => CreateAsync("described"))).Code);
        var listed = await sandbox.CallAsync("DescribeLaunchTemplates", "LaunchTemplateName.1=described");
        Assert.Equal(id, listed.Descendants("launchTemplateId").Single().Value);
        var version = (await sandbox.CallAsync("DescribeLaunchTemplateVersions", "LaunchTemplateVersion.1=$Latest")).Descendants("launchTemplateData")
            .Single(data => data.Element("instanceType")?.Value == "t3.micro");
        Assert.Equal((LocalSandbox.Ami(), "2"), (version.Element("imageId")!.Value, version.Descendants("httpPutResponseHopLimit").Single().Value));
        Assert.Equal(
            "InvalidLaunchTemplateId.VersionNotFound",
            await sandbox.CodeOfAsync("RunInstances", "MinCount=1", "MaxCount=1", $"LaunchTemplate.LaunchTemplateId={id}", "LaunchTemplate.Version=7"));
        await sandbox.CallAsync("DeleteLaunchTemplate", $"LaunchTemplateId={id}");
        Assert.Equal("InvalidLaunchTemplateId.NotFound", await sandbox.CodeOfAsync("DescribeLaunchTemplates", $"LaunchTemplateId.1={id}"));
        Assert.Equal("InvalidLaunchTemplateName.NotFoundException", await sandbox.CodeOfAsync("DeleteLaunchTemplate", "LaunchTemplateName=described"));
    }

    [Fact]
    public async Task A_template_outlives_a_restart_of_the_sandbox()
    {
        var folder = Directory.CreateTempSubdirectory("fe2-state-").FullName;
        var id = await CreateAsync(
            "kept", "LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit=2", "LaunchTemplateData.SecurityGroupId.1=sg-0123456789abcdef0",
            "LaunchTemplateData.EbsOptimized=true", "LaunchTemplateData.InstanceMarketOptions.SpotOptions.ValidUntil=2030-01-02T03:04:05Z");
        await new StateStore(folder).SaveAsync(sandbox.Cloud, CancellationToken.None);
        var kept = new StateStore(folder).Load().Regions["us-east-2"].LaunchTemplates[id];
        Assert.Equal(sandbox.Region.LaunchTemplates[id].Data.Canonical(), kept.Data.Canonical());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Addresses_are_idle_tagged_and_limited()
    {
        var ids = new List<string>();
        for (var index = 0; index < 5; index++)
        {
            var made = await sandbox.CallAsync(
                "AllocateAddress", "Domain=vpc", "TagSpecification.1.ResourceType=elastic-ip", "TagSpecification.1.Tag.1.Key=Name", $"TagSpecification.1.Tag.1.Value=ip{index}");
            ids.Add(made.Element("allocationId")!.Value);
        }

        Assert.Equal("AddressLimitExceeded", await sandbox.CodeOfAsync("AllocateAddress"));
        var one = (await sandbox.CallAsync("DescribeAddresses", "Filter.1.Name=tag:Name", "Filter.1.Value.1=ip3")).Descendants("addressesSet").Elements("item").Single();
        Assert.Equal(ids[3], one.Element("allocationId")!.Value);
        Assert.Null(one.Element("instanceId"));
        Assert.Equal("InvalidParameterValue", await sandbox.CodeOfAsync("ReleaseAddress", $"PublicIp={one.Element("publicIp")!.Value}"));
        foreach (var id in ids)
            await sandbox.CallAsync("ReleaseAddress", $"AllocationId={id}");
        Assert.Equal("InvalidAllocationID.NotFound", await sandbox.CodeOfAsync("ReleaseAddress", $"AllocationId={ids[0]}"));
        Assert.Empty((await sandbox.CallAsync("DescribeAddresses")).Descendants("publicIp"));
    }

    private async Task<string> CreateAsync(string name, params string[] data)
        => (await sandbox.CallAsync("CreateLaunchTemplate", [$"LaunchTemplateName={name}", $"LaunchTemplateData.ImageId={LocalSandbox.Ami()}", .. data]))
            .Descendants("launchTemplateId").Single().Value;
}
